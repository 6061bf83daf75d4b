"""What people are told about consent: how each consent stands and came about, and who holds what. Read for
the API, the pages and the command line; nothing here decides, sends or writes a consent."""

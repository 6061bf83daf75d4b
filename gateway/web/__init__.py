"""Pages for people who log in: the child, guardians, and others who decide. Server-rendered, without script.

Asks intake, exchange and hub like the API does, and decides nothing itself.
"""

"""Pages for clinicians of the specialist health service whose record system is not connected: the plans that
are shared with them, what they answer, and copies for their journal.

Shows what the judge lets the reader's organization see, and decides nothing itself.
"""

"""Pages for coordinators and other staff of the municipality: their children, and one child over all systems.

Shows what the judge lets the reader's organization see, and decides nothing itself.
"""

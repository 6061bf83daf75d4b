"""The lens engine: a declaration per record type, compiled once to closures that put and get.

declaration reads the file; ways walk resources; values turn leaves; compose joins them; section is one
record type both ways; residue keeps what the focus cannot say. It never reads a clock, a disk or a network.
"""

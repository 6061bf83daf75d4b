"""The simulator: the real hub, lenses, merge, consent and exchange over a virtual clock and network."""

"""What consent does not gate: reports to child welfare (G5) and anonymous discussions (G6), in a store and
under a key of their own. Nothing of them is in the hub, and nothing of the hub's ways out knows of them."""

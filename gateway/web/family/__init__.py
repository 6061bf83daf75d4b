"""Pages for child, guardians and those who decide in their place: what is shared with whom and why, and the
plan in their own words."""

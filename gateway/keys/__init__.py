"""Keys of content: one of its own for each person, kept outside the hub's database, wrapped by a key that is
kept outside both. Knows bytes and ids, and nothing of what they hold."""

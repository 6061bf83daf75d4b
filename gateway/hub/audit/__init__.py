"""Who did what with whose data, when and by which right: written with what it tells, chained behind it, and
checked from outside. Decides nothing, and shows nothing to anybody by itself."""

"""Pages of the establishment: its map, what a loss reaches, the order to rebuild in."""

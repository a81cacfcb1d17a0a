"""Studies: several experiments compared with each other."""

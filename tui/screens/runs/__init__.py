"""The list of runs, key 4."""

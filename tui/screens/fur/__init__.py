"""The fur lab, key 2."""

"""The network lab, key 1."""

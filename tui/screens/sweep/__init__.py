"""The sweep under way, key 5."""

"""Runs side by side, key 3."""

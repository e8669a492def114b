"""Modal screens that any screen may ask."""

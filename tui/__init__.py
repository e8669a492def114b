"""The terminal: command line, headless log, dashboard."""

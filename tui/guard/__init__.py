"""What stands between the program and a rough world: unforeseen failures, poor terminals and streams, signals."""

"""What drives any step-generator: its events and commands, its state, pause, pace and stop. Knows no engine."""

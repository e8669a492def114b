"""What runs in background workers, and the bounded way from there to the screen. Draws nothing."""

"""What trains: NumPy, the reference, or compiled loops."""

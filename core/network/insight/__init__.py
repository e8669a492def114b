"""What can be seen of a trained network: what it says over a plane, what its units respond to, where samples lie."""

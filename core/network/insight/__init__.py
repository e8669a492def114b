"""What can be seen of a network: its layers' health, a diagnosis, the plane, its units, where samples lie."""

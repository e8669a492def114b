"""What can be seen of a network: health, a diagnosis, the plane, its units, samples, one sample, what is around it."""

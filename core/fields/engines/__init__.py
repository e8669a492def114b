"""Who computes the time steps: the interface, two engines that agree bit for bit, and the choice between them."""

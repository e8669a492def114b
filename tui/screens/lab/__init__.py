"""What the network lab and the fur lab share: one run at a time, its keys, its timeline."""

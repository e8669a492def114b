"""Two numerical engines, the network trainer and the field simulator, free of any terminal code."""

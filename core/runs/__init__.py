"""One run: its folder on the disk, what is written there and read back, and how a run is put together."""

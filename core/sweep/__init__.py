"""Sweeps: many runs over chosen parameters, on all cores or on a cluster."""

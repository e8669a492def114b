"""From the formulas of a model to one program of time steps, which both engines run."""

"""The living atlas: two parameters as axes, what linear stability predicts at each point, and a pattern grown there."""

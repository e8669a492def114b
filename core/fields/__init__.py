"""Reaction-diffusion fields on a 2D grid: stencils, models, simulation, analysis."""

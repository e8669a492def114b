"""The presets that ship with nnfd-tui, one TOML file each."""

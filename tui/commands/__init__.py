"""The commands behind the command line. Each module is imported only when its command is called."""

"""The command line: click only. Everything heavy is imported inside the functions that need it."""

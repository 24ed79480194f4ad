"""Data sources: one module for each format; `find.open_source` chooses by looking at what a path holds."""

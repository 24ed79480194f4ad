"""Running: the base classes of operations, and the session that runs a pipeline on an image."""

"""Running: what an operation is, and the session that runs a pipeline on an image."""

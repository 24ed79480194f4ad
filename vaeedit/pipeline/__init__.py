"""Pipelines: steps from Python, YAML or one line, and the plan that checking makes of them."""

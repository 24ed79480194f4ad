"""Pipelines: steps and what they may say, from Python, YAML or one line, and the plan that checking makes of them."""

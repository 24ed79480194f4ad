"""Evaluation: measures an operation on a folder of reference images, by a named protocol."""

"""Evaluation: an operation measured on a folder of reference images, by a named protocol."""

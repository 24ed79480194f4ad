"""Edits many files: finds the inputs, plans a job for each, runs the jobs on an engine, and keeps a journal."""

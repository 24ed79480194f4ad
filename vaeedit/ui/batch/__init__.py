"""The tab Batch: a pipeline over a folder."""

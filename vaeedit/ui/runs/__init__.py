"""The tab Runs: curves and samples of training runs, as they go."""

"""Training: recipes, data, degradations, objectives and the fit itself (PyTorch Lightning, an extra)."""

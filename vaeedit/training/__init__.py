"""Training: recipes, data, losses, objectives, and the fit by PyTorch Lightning (an extra)."""

"""vaeedit edits images through the latent space of trained variational autoencoders."""

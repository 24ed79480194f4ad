"""The tab Explore: a VAE's latents, moved by hand."""

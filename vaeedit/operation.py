"""Operation: what a plugin's class does to images and latents."""

"""What a VAE is: latents and their algebra, the protocol, safe files, and the LoadedVae that runs one."""

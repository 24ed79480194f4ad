"""VAEs: the protocol of a network, latents and their algebra, safe files, and LoadedVae, which edits frames."""

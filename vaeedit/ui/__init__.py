"""`vaeedit ui`: a local page on which pictures are edited, latents explored, and runs and batches watched."""

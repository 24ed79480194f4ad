"""Defaults that the commands and the functions share."""

COLUMNS, ROWS = 4, 8
"""Images in a row of a grid, and rows of one without labels."""
LATENTS, RANKED = 10, 500
"""Latents of a traversal, and images by which they are ranked."""
VALUES, BETWEEN = 7, 11
"""Values of a latent in a traversal, and images of an interpolation."""
FINER = 4
"""Steps of a film for each step of the picture."""
MAPPED = 3000
"""Images of a map."""
RATE = 12.0
"""Frames of a film per second."""

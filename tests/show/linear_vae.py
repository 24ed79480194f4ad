"""A linear VAE whose latents are the brightness of rows, its images, and the images inside of a sheet."""

import numpy as np
import torch

from vaeedit_variants.options import PlainConfig
from vaeedit_variants.plain import PlainVAE

HEIGHT, WIDTH, STEP = 3, 6, 0.1
"""A step of one standard deviation of latent n makes row n brighter by `STEP`; at the prior's mean all is 0.5."""
CONFIG = {"height": HEIGHT, "width": WIDTH, "widths": (), "latents": HEIGHT, "likelihood": "fixed-gaussian"}


def linear_vae():
    vae = PlainVAE(PlainConfig(**CONFIG))
    rows = torch.eye(HEIGHT).repeat_interleave(WIDTH, 1)  # (latents, pixels)
    with torch.no_grad():
        vae.decoder[0].weight.copy_(STEP * rows.T)
        vae.decoder[0].bias.fill_(0.5)
        vae.encoder[-1].weight.copy_(torch.cat([rows / WIDTH / STEP, torch.zeros_like(rows)]))
        vae.encoder[-1].bias.copy_(torch.tensor([-0.5 / STEP] * HEIGHT + [-2.0] * HEIGHT))
    return vae


def of_rows(*values):
    """An image whose rows have these values, in [0, 1]."""
    return np.rint(255 * np.array(values)[:, None].repeat(WIDTH, 1)).astype(np.uint8)


def cells(frame, rows, columns, scale, *, right=0, below=0):
    """The small images (h, w) of the last block of a sheet, by row and column; it ends so many pixels before the margin."""
    pixels = frame.pixels[..., 0]
    high, wide = HEIGHT * scale + 2, WIDTH * scale + 2
    bottom, end = pixels.shape[0] - 12 - below, pixels.shape[1] - 12 - right
    top, left = bottom - rows * high + 2, end - columns * wide + 2
    half = scale // 2
    return [
        [
            pixels[top + r * high :, left + c * wide :][
                half : HEIGHT * scale : scale, half : WIDTH * scale : scale
            ]
            for c in range(columns)
        ]
        for r in range(rows)
    ]

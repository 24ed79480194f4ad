"""The first frame of a clip: a small VAE of its layers."""

from torch import nn

from vaeedit_variants.sequence_options import VrnnConfig


def coder(config: VrnnConfig) -> tuple[nn.Module, nn.Module]:
    """Make an encoder (B, 1, H, W) -> (B, 2 latents) and a decoder (B, latents) -> (B, 16 K, H/4, W/4), of logits."""
    cells = config.height // 8, config.width // 8
    values = 32 * cells[0] * cells[1]
    last = nn.Conv2d(16, 16 * config.layers, 3, padding=1)
    assert last.bias is not None
    nn.init.constant_(last.bias, -2.0)  # most is dark
    encoder = nn.Sequential(
        nn.Conv2d(1, 32, 8, 8), nn.SiLU(), nn.Flatten(), nn.Linear(values, 2 * config.latents)
    )
    decoder = nn.Sequential(
        nn.Linear(config.latents, values), nn.SiLU(), nn.Unflatten(1, (32, *cells)),
        nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.SiLU(), last,
    )  # fmt: skip
    return encoder, decoder

"""The unconditional ladder VAE."""

import torch

from networks import enough_around, influence_radius, shaken
from vaeedit_ladder import LadderShape
from vaeedit_ladder.vae import LadderVAE


@torch.inference_mode()
def test_the_unconditional_vae_reconstructs_within_its_receptive_field():
    network = shaken(LadderVAE(LadderShape(widths=(8, 8), latents=(2, 2)))).double()

    def reconstruct(x):
        return network.decode(network.encode(x.double(), {}).mean()).mean

    radius = influence_radius(reconstruct, enough_around(network))
    assert 0 < radius <= network.receptive_field

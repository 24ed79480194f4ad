"""Refined latents: closer to the picture, within the channels that were kept, and never farther than the encoder's."""

import pytest
import torch

import vaeedit
from vaeedit.api import Latents, Mixture, Refined
from vaeedit.vae.edited import edited_again
from vaeedit.vae.refine import refined
from vaeedit_photo.nested import first


def test_refining_wins_decibels_at_low_rates(run, cat):
    """Two tenths in ten steps; on CBSD68 it is .5, and the sampling noise of one picture is well below the difference."""
    plain, found = (
        run("reconstruct", cat, channels=10, refine=steps).notes["reconstruct"] for steps in (0, 10)
    )
    assert found["psnr"] > plain["psnr"] + 0.2
    assert found["values_kept"] == plain["values_kept"]
    assert "kl_bits_by_level" in plain
    assert "kl_bits_by_level" not in found  # points have none


def test_refining_is_never_worse(run, cat):
    """At the full rate, where the encoder is nearly exact, one step of Adam would only harm."""
    plain, found = (run("reconstruct", cat, refine=steps).notes["reconstruct"] for steps in (0, 1))
    assert found["psnr"] >= plain["psnr"] - 0.01  # the decoded values are rounded once more on their way


def test_channels_left_out_stay_out(session, cat):
    network = session.vae("photo").network
    x = torch.from_numpy(cat.floats()[:64, :64]).permute(2, 0, 1)[None]
    with torch.inference_mode():
        start = first(network.encode(x, {}), 10).mean()
        found = refined(network, start, x, 3)
    for before, after in zip(start.levels, found.levels, strict=True):
        unused = ~(before.mean != 0).any(dim=(0, 2, 3))
        assert not after.mean[:, unused].any()
        if not unused.all():
            assert (after.mean != before.mean).any()
    assert isinstance(found, Latents)
    assert not found.levels[0].mean.requires_grad


def test_the_network_learns_nothing(session, cat):
    network = session.vae("photo").network
    before = {name: value.clone() for name, value in network.state_dict().items()}
    session.run(vaeedit.Step("reconstruct", channels=10, refine=2), cat)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_mixture_holds_no_refined_component():
    point = Latents(())
    mixture = edited_again(Mixture([(1.0, point)]), lambda latents: Refined(latents, 1))
    with pytest.raises(TypeError, match="refined"):
        list(mixture)

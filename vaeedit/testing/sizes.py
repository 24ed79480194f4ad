"""Checks of an architecture: pictures of any size, and parts of a picture."""

import math
from typing import Any

import torch

from vaeedit.testing.networks import Built, enlarged, shaken
from vaeedit.tiling import round_up
from vaeedit.vae.protocol import WHOLE, FixedSize, sample_conditions
from vaeedit.vae.receptive_field import receptive_radius

HEIGHT = 16
"""Least height in pixels of a strip that is cut."""
CURE = "use another normalization or pooling, receptive_field = cached_property(receptive_radius), or WHOLE with an `overlap`"


def check_receptive_field(built: Built) -> None:
    """A part of a picture with `receptive_field` more pixels decodes to the same as in the whole, whatever the weights."""
    network: Any = built.network
    if isinstance(network, FixedSize) or network.receptive_field >= WHOLE:
        return
    is_measured = getattr(vars(type(network)).get("receptive_field"), "func", None) is receptive_radius
    radius = 0 if is_measured else receptive_radius(network) - network.multiple + 1
    reach = "all pixels" if radius + network.multiple > WHOLE else f"{radius} pixels around it"
    assert network.receptive_field >= radius, (
        f"the receptive_field is {network.receptive_field}, and a decoded pixel depends on {reach}; {CURE}"
    )
    error = _cut(shaken(built.copy()), built)  # finds what `receptive_radius` does not, such as comparisons
    if math.isnan(error):  # with random weights, it overflows
        error = _cut(network, built)
    assert error <= 1e-3, f"a part of a picture differs from the whole by {error:.2g} of its range; {CURE}"


def _cut(network: Any, built: Built) -> float:
    """How much the left half of a strip changes if the right end is cut off, as a share of the largest value."""
    halo, step = (round_up(length, network.multiple) for length in (network.receptive_field, HEIGHT))
    half = halo + step
    strip = built.picture((step, 2 * half))
    with torch.inference_mode():
        whole, part = (
            network.decode(network.encode(x, sample_conditions(network, x)).mean()).mean
            for x in (strip, strip[..., : half + halo])
        )
    kept = half * whole.shape[3] // strip.shape[3]
    difference = (whole[..., :kept] - part[..., :kept]).abs().max()
    return float(difference / whole.abs().max().clamp_min(1e-9))


def check_odd_sizes(built: Built) -> None:
    """Pictures of an odd number of `multiple`s are decoded to finite values of their size; all others are padded to these."""
    network: Any = built.network
    for rows, columns in ((1, 1), (1, 3), (5, 3)):
        x = built.picture((rows * network.multiple, columns * network.multiple))
        try:
            with torch.inference_mode():
                conditions = sample_conditions(network, x)
                mean = network.decode(network.encode(x, conditions).mean()).mean
        except Exception as error:  # of torch, such as a padding that is wider than the picture
            cure = "raise `multiple`, or use another padding or normalization"
            raise AssertionError(f"a picture of the shape {tuple(x.shape)} fails: {error}; {cure}") from error
        expected = tuple(enlarged(network, x, conditions).shape)
        assert tuple(mean.shape) == expected, (
            f"a picture of the shape {tuple(x.shape)} decodes to {tuple(mean.shape)}; return {expected}, or raise `multiple`"
        )
        assert mean.isfinite().all(), (
            f"a picture of the shape {tuple(x.shape)} decodes to values that are not finite; normalize no single value"
        )

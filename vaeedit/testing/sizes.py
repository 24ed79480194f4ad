"""Checks of an architecture: pictures of any size, and parts of a picture."""

from typing import Any

import torch

from vaeedit.testing.networks import Built, reconstructed, shaken
from vaeedit.tiling import round_up
from vaeedit.vae.files import VaeInfo
from vaeedit.vae.loaded import LoadedVae
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
    radius = receptive_radius(network) - network.multiple + 1
    reach = "all pixels" if radius + network.multiple > WHOLE else f"{radius} pixels around it"
    assert network.receptive_field >= radius, (
        f"the receptive_field is {network.receptive_field}, and a decoded pixel depends on {reach}; {CURE}"
    )
    error = _cut(
        shaken(built.copy()), built
    )  # it finds what `receptive_radius` does not, such as comparisons
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
    """A picture whose sides are no multiples of `multiple` is edited; the result is finite and has its size."""
    info = VaeInfo(name=built.spec.name, architecture=built.spec.name, config={})
    vae = LoadedVae(built.copy(), info, torch.device("cpu"))
    for kind in ("1x1", "odd"):
        frame, edited, times = reconstructed(vae, kind)
        assert (edited.height, edited.width) == (frame.height * times, frame.width * times), (
            f"a picture of {frame.height}x{frame.width} becomes one of {edited.height}x{edited.width}; `decode` must "
            "return the size that `encode` gets"
        )

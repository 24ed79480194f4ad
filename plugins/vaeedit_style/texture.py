"""Lays the detail of a style over a content whose own detail gives way to it."""

from collections.abc import Sequence

import torch

from vaeedit_style.sliced import Line, mixed_quantiles
from vaeedit_style.structure import Image, activity, gain


def laid_over(
    own: Image, field: Image, styles: Sequence[Image], shares: Sequence[float], width: float
) -> Image:
    """The detail (H, W, 3) of the canvas, from the content's `own` and the quilted `field`, both of that shape.

    Activities of `own` are transported to those of the styles' details, which keeps their ranks; neither `own` nor the field
    gets more than that: a painting has no pores, and a quiet sky gets a quiet brush, also beside a ridge. Where the field is
    stronger, `own` fades further. The sum gets the activity of the stronger of both. A field equal to `own` changes nothing.
    Shares of the styles sum to 1.
    """
    field = field * gain(_wanted(own, styles, shares, width, quiet=True), activity(field, width, quiet=True))
    have, given = activity(own, width), activity(field, width)
    left = gain(_wanted(own, styles, shares, width), have) * gain(have, given)
    mixed = left * own + field
    return mixed * gain((left * have).clip(given), activity(mixed, width))


def _wanted(
    own: Image, styles: Sequence[Image], shares: Sequence[float], width: float, quiet: bool = False
) -> Image:
    """The activity (H, W, 1) of `own` transported to that of the styles' details."""
    have, *theirs = (torch.from_numpy(activity(detail, width, quiet)) for detail in (own, *styles))
    line = Line(have.flatten(), mixed_quantiles([their.flatten() for their in theirs], shares))
    wanted: Image = line(have.flatten()).reshape(have.shape).numpy()
    return wanted

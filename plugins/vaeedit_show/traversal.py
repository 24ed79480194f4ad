"""Traversals: one latent at a time takes the values of its prior, and everything else stays."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from vaeedit.api import LoadedVae, Result, UsageError
from vaeedit_show.codes import decode, encode, given, number_of, opened, require_prior
from vaeedit_show.coordinates import most_active, parse
from vaeedit_show.defaults import FINER, LATENTS, RANKED, RATE, VALUES
from vaeedit_show.films import film_of, finer, there_and_back
from vaeedit_show.seen import Data, picture, seen
from vaeedit_show.sheet import Block, Pixels, factor_for, sheet

SIDE = 56
"""About the side of an image in the picture, in pixels."""
SPAN = 3.0
"""Values go from minus to plus so many standard deviations of the prior."""
UNIT = "standard deviations of the prior"
SIZE = (64, 64)
"""Height and width of images of a VAE that takes any size, where no image is named."""


def traverse(
    vae: LoadedVae | str,
    data: Data | None = None,
    *,
    image: str | Path | int | None = None,
    label: str | int | None = None,
    latents: Sequence[str | int] = (),
    count: int = LATENTS,
    split: str = "test",
    images: int = RANKED,
    steps: int = VALUES,
    rate: float = RATE,
    scale: int | None = None,
) -> Result:
    """Decoded latents of one image, or of the prior's mean: a row for each varied latent, a column for each value.

    `image` is a file, or the number of an image in a split of the data. `latents` are names as `coordinates.parse` reads
    them; without any, they are the `count` latents that vary most over the posterior means of the first `images` images of
    the split. The film shows all rows at once. Raises UsageError or ImageError.
    """
    loaded = opened(vae)
    require_prior(loaded, "a traversal")
    if image is None:
        network = given(loaded, number_of(loaded, label))
        size = getattr(network, "size", SIZE)
        point = network.prior(1, size).mean()
    else:
        start = picture(loaded, image, data, split, number_of(loaded, label))
        network, size = given(loaded, start.label), start.pixels.shape[:2]
        point = encode(network, start.x.to(loaded.device))
    if latents:
        varied = [parse(str(name), point) for name in latents]
    elif data is None:
        raise UsageError(
            "Name data, by whose images the activity of latents is measured, or name the latents (--latents 0,3)."
        )
    else:
        examples = islice(seen(loaded, data, split), images)
        codes = (encode(given(loaded, one.label), one.x.to(loaded.device)) for one in examples)
        varied = most_active(codes, count)
    values = [float(value) for value in np.linspace(-SPAN, SPAN, finer(steps))]
    rows = {
        one.name(len(point.levels)): [decode(network, one.at(point, value), size) for value in values]
        for one in varied
    }
    return _shown(rows, values, rate, scale)


def _shown(
    rows: Mapping[str, Sequence[Pixels]], values: Sequence[float], rate: float, scale: int | None
) -> Result:
    """Images of each latent by its name, one for each value."""
    few = range(0, len(values), FINER)
    cells = [row[n] for row in rows.values() for n in few]
    scale = scale or factor_for(cells[0], SIDE)
    block = Block(cells, len(few), UNIT, [_number(values[n]) for n in few])
    frames = [
        sheet(
            [Block([row[n]], 1, name) for name, row in rows.items()],
            scale=scale,
            caption=f"{_number(values[n])} {UNIT}",
        )
        for n in there_and_back(len(values))
    ]
    return Result(sheet([block], scale=scale, rows=list(rows)), film=film_of(frames, rate))


def _number(value: float) -> str:
    """At most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")

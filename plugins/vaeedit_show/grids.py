"""Images beside their reconstructions and, of a generative VAE, samples."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import count, islice

from vaeedit.api import Generative, LoadedVae, OptionError, Result, UsageError, name_of
from vaeedit_show.codes import decode, encode, given, opened
from vaeedit_show.defaults import COLUMNS, ROWS
from vaeedit_show.seen import NONE, Data, Seen, seen, source_of
from vaeedit_show.sheet import Block, Pixels, factor_for, sheet

SIDE = 56
"""About the side of an image in the picture, in pixels."""


def grid(
    vae: LoadedVae | str,
    data: Data,
    *,
    split: str = "test",
    columns: int = COLUMNS,
    rows: int = ROWS,
    samples: bool = True,
    crop: int | None = None,
    seed: int = 0,
    scale: int | None = None,
) -> Result:
    """The first images of a split, their reconstructions (decoded posterior means) and samples of the prior.

    Each class has a row with its name; without labels there are `rows`. Samples, by the seeds from `seed` on, are left out
    for a VAE without a prior; a VAE of labeled images draws those of a row from its class. `crop` takes central squares of so
    many pixels. Raises UsageError, OptionError or ImageError.
    """
    loaded, source = opened(vae), source_of(data)
    chosen = _by_row(seen(loaded, source, split, crop), len(source.classes), columns, rows)
    if not chosen:
        raise UsageError(f"{source.path} holds no readable image in its split {split}.")
    _require_one_size([image for row in chosen for image in row])
    images = [image.pixels for row in chosen for image in row]
    blocks = {
        "images": images,
        "reconstructions": [_reconstructed(loaded, image) for row in chosen for image in row],
        "samples": list(_samples(loaded, chosen, seed)) if samples else [],
    }
    shown = [Block(block, len(chosen[0]), title) for title, block in blocks.items() if block]
    names = [name_of(row[0].label, source.classes) for row in chosen] if chosen[0][0].label != NONE else []
    return Result(sheet(shown, scale=scale or factor_for(images[0], SIDE), rows=names))


def _reconstructed(vae: LoadedVae, image: Seen) -> Pixels:
    network = given(vae, image.label)
    return decode(network, encode(network, image.x.to(vae.device)), image.pixels.shape[:2])


def _samples(vae: LoadedVae, rows: list[list[Seen]], seed: int) -> Iterator[Pixels]:
    """As many samples as images, by the seeds from `seed` on; none of a VAE without a prior."""
    seeds = count(seed)
    for row in rows:
        network = given(vae, row[0].label)
        if not isinstance(network, Generative):
            return
        for image in row:
            size = image.pixels.shape[:2]
            yield decode(network, network.prior(1, size).sample(next(seeds)), size)


def _by_row(images: Iterator[Seen], classes: int, columns: int, rows: int) -> list[list[Seen]]:
    """The first images of each class or, without labels, the first ones: `columns` in a row, or fewer where there are not."""
    found: dict[int, list[Seen]] = defaultdict(list)
    for image in images:
        if image.label == NONE:
            flat = [image, *islice(images, rows * columns - 1)]
            columns = min(columns, len(flat))
            return [flat[n * columns : (n + 1) * columns] for n in range(len(flat) // columns)]
        if len(found[image.label]) < columns:
            found[image.label].append(image)
        if len(found) == classes and all(len(row) == columns for row in found.values()):
            break
    columns = min((len(row) for row in found.values()), default=0)
    return [found[label][:columns] for label in sorted(found)]


def _require_one_size(images: list[Seen]) -> None:
    first = images[0]
    for other in images:
        if other.pixels.shape != first.pixels.shape:
            (h, w, _), (height, width, _) = first.pixels.shape, other.pixels.shape
            raise OptionError(
                f"{first.name} has {w}x{h} pixels and {other.name} {width}x{height}; take central squares of one size, "
                "for example with --crop 64."
            )

"""`vaeedit generate`: images drawn from a VAE, as a grid in one picture or as a file each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from vaeedit.api import (
    LoadedVae,
    Session,
    UsageError,
    console,
    label_of,
    name_of,
    plain,
    refuse_existing,
)
from vaeedit_variants.generated import generated
from vaeedit_variants.labels import require_labeled
from vaeedit_variants.latents import density_option
from vaeedit_variants.output import draw_options, output_option, write_grids
from vaeedit_variants.predict import frames_option, generated_film, write_film_of
from vaeedit_variants.recurrent import Recurrent


def _generate(
    vae: str,
    number: int | None,
    frames: int,
    label: tuple[str, ...],
    output: str,
    exists: str,
    seed: int,
    device: str,
    debug: bool,
    **how: Any,
) -> int:
    target = Path(output)
    with Session(device=device) as session:
        loaded = session.vae(vae)
        if isinstance(loaded.network, Recurrent):
            if label or how["size"]:
                raise UsageError(
                    f"The VAE {loaded.info.name} makes clips of one size; leave out --label and --size."
                )
            film = generated_film(loaded, number or 16, frames, seed=seed, temperature=how["temperature"])
            return write_film_of(film, target, exists)
        labels = _labels(loaded, label, how["guidance"])
        number = number or (64 if len(labels) == 1 else 10)
        paths = [target] if target.suffix else _files(target, loaded, labels, range(seed, seed + number))
        refuse_existing(paths, exists)
        images = [
            image for each in labels for image in generated(loaded, number, seed=seed, label=each, **how)
        ]
    write_grids(paths, images, columns=number if len(labels) > 1 else None)
    height, width, _ = images[0].shape
    console.say(f"{target}  ({len(images)} images of {width}x{height} pixels)")
    return console.OK


def _labels(vae: LoadedVae, given: Sequence[str], guidance: float) -> list[int | None]:
    """The classes to draw; None is any. Raises UsageError for a VAE without classes, and UnknownName."""
    if not given:
        if guidance != 1:
            raise UsageError("--guidance strengthens a class: name one with --label.")
        return [None]
    classes = require_labeled(vae).classes
    return list(range(classes)) if "all" in given else [label_of(text, vae.info.classes) for text in given]


def _files(folder: Path, vae: LoadedVae, labels: Sequence[int | None], seeds: range) -> list[Path]:
    """A file for each image, in a folder of each class where classes are named: such a folder can be trained on."""
    names = [None if label is None else name_of(label, vae.info.classes) for label in labels]
    unsafe = [name for name in names if name is not None and (name in ("", "..") or Path(name).name != name)]
    if unsafe:
        raise UsageError(
            f"The class {plain(unsafe[0])} cannot be the name of a folder; write one picture instead."
        )
    return [folder / (name or "") / f"{index:04d}.png" for name in names for index in seeds]


class Size(click.ParamType[tuple[int, int]]):
    """'WIDTHxHEIGHT' in pixels, as (height, width)."""

    name = "size"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Parse."""
        width, cross, height = str(value).partition("x")
        if not (cross and width.isdecimal() and height.isdecimal() and 0 < int(width) * int(height) <= 2**24):
            self.fail(
                f"{value!r} is no size; write for example 128x96, with at most 16 megapixels.", param, ctx
            )
        return int(height), int(width)


generate = click.Command(
    "generate",
    callback=_generate,
    params=[
        click.Option(["--vae"], required=True, help="Name or file of a VAE with a prior."),
        output_option(),
        click.Option(
            ["-n", "--number"], type=click.IntRange(1, 10_000), show_default="64, 10 of each of several classes, or 16 clips",
            help="Number of images, of each class, or of clips.",
        ),
        click.Option(
            ["--label"], multiple=True, metavar="CLASS",
            help="Name or number of a class, or all, for VAEs that know classes; may be repeated. Several classes are a row "
            "of the grid each, with the same latents in each column.",
        ),
        click.Option(
            ["--guidance"], type=click.FloatRange(0, 100), default=1.0, show_default=True, metavar="W",
            help="How far to move from images of any class (0) to those of the class (1), and beyond.",
        ),
        click.Option(
            ["--size"], type=Size(), metavar="WxH", show_default="that of the VAE, or 64x64",
            help="Width and height of an image in pixels, for VAEs that take any size.",
        ),
        density_option(),
        frames_option(20, "Frames of a clip, for VAEs of clips; then -o is a GIF, an MP4 or a folder of frames."),
        *draw_options(),
    ],
    help="Draw images from a VAE: latents from its prior or a mixture, decoded to the mean of p(x | z).",
    epilog="Example: vaeedit generate --vae digits.safetensors -n 100 -o digits.png",
)  # fmt: skip

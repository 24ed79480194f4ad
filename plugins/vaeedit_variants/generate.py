"""`vaeedit generate`: images drawn from a VAE, as a grid in one picture or as a file each."""

from pathlib import Path

import click

from vaeedit.api import Session, console, debug_option, exists_option, make_folder, refuse_existing, write
from vaeedit_variants.generated import generated
from vaeedit_variants.grid import grid


def _generate(
    vae: str,
    number: int,
    output: str,
    size: tuple[int, int] | None,
    temperature: float,
    seed: int,
    exists: str,
    device: str,
    debug: bool,
) -> int:
    target = Path(output)
    one = bool(target.suffix)
    paths = [target] if one else [target / f"{index:04d}.png" for index in range(seed, seed + number)]
    refuse_existing(paths, exists)
    with Session(device=device) as session:
        images = list(generated(session.vae(vae), number, seed=seed, temperature=temperature, size=size))
    make_folder(target.parent if one else target)
    pictures = [grid(images)] if one else [grid([image]) for image in images]
    for path, picture in zip(paths, pictures, strict=True):
        for warning in write(picture, path):
            console.warn(warning)
    height, width, _ = images[0].shape
    console.say(f"{target}  ({number} images of {width}x{height} pixels)")
    return console.OK


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
        click.Option(
            ["-o", "--output"], required=True, metavar="FILE|DIR",
            help="Picture with a grid of all images or, without an extension, a folder with one file for each.",
        ),
        click.Option(
            ["-n", "--number"], type=click.IntRange(1, 10_000), default=64, show_default=True, help="Number of images."
        ),
        click.Option(
            ["--size"], type=Size(), metavar="WxH", show_default="that of the VAE, or 64x64",
            help="Width and height of an image in pixels, for VAEs that take any size.",
        ),
        click.Option(
            ["--temperature"], type=click.FloatRange(0, 10), default=1.0, show_default=True,
            help="Factor on the standard deviation of the latents: below 1, images are more typical and less diverse.",
        ),
        click.Option(
            ["--seed"], type=click.IntRange(0), default=0, show_default=True,
            help="Seed of the first image; each further image has the next seed.",
        ),
        exists_option(),
        click.Option(
            ["--device"], default="auto", show_default=True, help="Device to compute on: auto, cpu, cuda, cuda:N or mps."
        ),
        debug_option(),
    ],
    help="Draw images from a VAE: latents from its prior, decoded to the mean of p(x | z).",
    epilog="Example: vaeedit generate --vae digits.safetensors -n 100 -o digits.png",
)  # fmt: skip

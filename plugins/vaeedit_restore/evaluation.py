"""`vaeedit evaluate denoise` and `vaeedit evaluate super-resolve`."""

import click

from vaeedit.api import evaluation_command
from vaeedit_restore.options import DenoiseOptions
from vaeedit_restore.tasks import Denoising, Enlarging, RealNoise

QUALITY = click.Option(
    ["--quality"],
    type=click.Choice(["normal", "best"]),
    default="normal",
    show_default=True,
    help="As for the operation.",
)


def _denoising(
    sigma: tuple[float, ...], blind: bool, real: bool, quality: str, detail: float
) -> list[Denoising] | list[RealNoise]:
    if real:
        return [RealNoise(quality, detail)]
    return [Denoising(level, blind, quality, detail) for level in sigma]


denoise = evaluation_command(
    _denoising,
    [
        click.Option(
            ["--sigma"],
            type=click.FloatRange(0, 255, min_open=True),
            multiple=True,
            default=(15.0, 25.0, 50.0),
            show_default=True,
            help="Standard deviation of the noise to add, in units of 1/255; may be repeated.",
        ),
        click.Option(
            ["--blind"], is_flag=True, default=False, help="Let the model estimate the noise level."
        ),
        click.Option(
            ["--real"],
            is_flag=True,
            default=False,
            help="Add no noise; DIR holds photographs NAME_real and their references NAME_mean.",
        ),
        QUALITY,
        click.Option(
            ["--detail"],
            type=click.FloatRange(0, 1),
            default=0.0,
            show_default=True,
            help=f"As for the operation, whose default is {DenoiseOptions().detail}; 0 has the least error.",
        ),
    ],
    vae="denoise",
    samples=True,
)

super_resolve = evaluation_command(
    lambda scale, model, quality: [Enlarging(factor, model, quality) for factor in scale],
    [
        click.Option(
            ["--scale"],
            type=click.IntRange(2, 4),
            multiple=True,
            default=(2, 3, 4),
            show_default=True,
            help="Factor on width and height; may be repeated.",
        ),
        click.Option(
            ["--model"],
            type=click.Choice(["bicubic", "photo"]),
            default="bicubic",
            show_default=True,
            help="As for the operation.",
        ),
        QUALITY,
    ],
    vae="super-resolve",
    samples=True,
)

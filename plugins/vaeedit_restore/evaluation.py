"""`vaeedit evaluate denoise` and `vaeedit evaluate super-resolve`."""

import click

from vaeedit.api import UsageError, evaluation_command
from vaeedit_restore.options import DenoiseOptions
from vaeedit_restore.tasks import Compressed, Denoising, Enlarging, RealNoise

QUALITY = click.Option(
    ["--quality"],
    type=click.Choice(["normal", "best"]),
    default="normal",
    show_default=True,
    help="As for the operation.",
)


def _jpeg(text: str) -> click.Option:
    return click.Option(
        ["--jpeg"], type=click.IntRange(1, 100), multiple=True, help=f"{text} May be repeated."
    )


def _denoising(
    sigma: tuple[float, ...], blind: bool, real: bool, jpeg: tuple[int, ...], quality: str, detail: float
) -> list[Denoising] | list[RealNoise] | list[Compressed]:
    if real and jpeg:
        raise UsageError("--real and --jpeg exclude each other: real photographs are measured as they are.")
    if jpeg:
        return [Compressed(level, quality, detail) for level in jpeg]
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
            help="Add no noise; DIR holds photographs NAME_real and their references NAME_mean. The default VAE is then "
            "denoise-photo.",
        ),
        _jpeg(
            "Add no noise; compress the pictures as JPEG of this quality and compare their luma. The default VAE is then "
            "denoise-photo."
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


def _enlarging(scale: tuple[int, ...], model: str, jpeg: tuple[int, ...], quality: str) -> list[Enlarging]:
    return [Enlarging(factor, model, quality, level) for factor in scale for level in jpeg or (None,)]


super_resolve = evaluation_command(
    _enlarging,
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
        _jpeg("Compress the small pictures as JPEG of this quality."),
        QUALITY,
    ],
    vae="super-resolve",
    samples=True,
)

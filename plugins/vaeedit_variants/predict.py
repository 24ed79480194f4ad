"""`vaeedit predict`: the frames after a clip; and clips drawn from nothing, for `vaeedit generate`."""

from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import torch

from vaeedit.api import (
    FILMS,
    Decoded,
    Film,
    Frame,
    ImageError,
    LoadedVae,
    Session,
    as_generated,
    clip_files,
    console,
    debug_option,
    device_option,
    exists_option,
    read_clip,
    refuse_existing,
    write_clip,
)
from vaeedit_variants.grid import grid
from vaeedit_variants.recurrent import require_recurrent

MOST = 1000
"""Most frames that are made."""


def predicted_film(
    vae: LoadedVae, clip: Film, frames: int, *, sample: bool = False, seed: int = 0, mark: bool = False
) -> Film:
    """A clip, and the `frames` frames that follow: at the means of the latents or, with `sample`, at a draw by `seed`.

    With `mark` predicted frames have a white border of one pixel. Raises UsageError for a VAE of images, and ImageError for
    a clip that it cannot take.
    """
    network = require_recurrent(vae)
    given = np.stack([frame.floats() for frame in clip.frames])
    height, width = network.frame_size
    kinds = {1: "gray", 3: "color"}
    if given.shape[1:] != (height, width, network.channels):
        raise ImageError(
            f"The VAE {vae.info.name} takes clips of {width}x{height} pixels in {kinds[network.channels]}, and this one has "
            f"{given.shape[2]}x{given.shape[1]} in {kinds[given.shape[3]]}; convert it first."
        )
    x = torch.from_numpy(given).permute(0, 3, 1, 2)[None].to(vae.device)
    noise = network.noise(1, frames, len(given))
    with torch.inference_mode():
        new = network.continued(x, noise.sample(seed) if sample else noise.mean(), frames)
    pixels = Decoded(new[0]).pixels()
    if mark:
        pixels[:, [0, -1]] = pixels[:, :, [0, -1]] = 255
    return Film([*clip.frames, *map(Frame, pixels)], clip.rate)


def generated_film(vae: LoadedVae, number: int, frames: int, *, seed: int, temperature: float) -> Film:
    """A grid of clips drawn from the prior; clip n depends on `seed` + n alone. Raises UsageError for a VAE of images."""
    network = require_recurrent(vae)
    nothing = torch.zeros(1, 0, network.channels, *network.frame_size, device=vae.device)
    with torch.inference_mode():
        noises = [network.noise(1, frames, 0).sample(seed + index, temperature) for index in range(number)]
        clips = [Decoded(network.continued(nothing, noise, frames)[0]).pixels() for noise in noises]
    return Film([grid(images) for images in zip(*clips, strict=True)])


def write_film_of(film: Film, target: Path, exists: str, *, edited: bool = False) -> int:
    """Write a clip, and say so; raises UsageError for files that exist. Pictures in a folder say that a model made them."""
    refuse_existing(clip_files(target, len(film.frames)), exists)
    if target.suffix.lower() not in FILMS:
        film = replace(film, frames=[as_generated(frame, "PNG", edited=edited) for frame in film.frames])
    for warning in write_clip(film, target):
        console.warn(warning)
    first = film.frames[0]
    console.say(f"{target}  ({len(film.frames)} frames of {first.width}x{first.height} pixels)")
    return console.OK


def frames_option(default: int, text: str) -> click.Option:
    """Return --frames."""
    return click.Option(
        ["--frames"], type=click.IntRange(1, MOST), default=default, show_default=True, help=text
    )


def _predict(
    clip: str,
    output: str,
    frames: int,
    sample: bool,
    mark: bool,
    vae: str,
    seed: int,
    exists: str,
    device: str,
    debug: bool,
) -> int:
    target = Path(output)
    clip_files(target, frames)
    with Session(device=device) as session:
        loaded = session.vae(vae)
        require_recurrent(loaded)
        film = predicted_film(loaded, read_clip(clip), frames, sample=sample, seed=seed, mark=mark)
    return write_film_of(film, target, exists, edited=True)


predict = click.Command(
    "predict",
    callback=_predict,
    params=[
        click.Argument(["clip"], metavar="CLIP"),
        click.Option(
            ["-o", "--output"], required=True, metavar="FILE|DIR",
            help="GIF or MP4 or, without an extension, a folder of frames: those of the clip, then the predicted ones.",
        ),
        frames_option(10, "Frames to predict."),
        click.Option(
            ["--sample/--mean"], default=False, show_default="--mean",
            help="Draw one possible future by --seed, or take the mean of each step.",
        ),
        click.Option(
            ["--mark/--no-mark"], default=False, show_default=True,
            help="Draw a white border around predicted frames.",
        ),
        click.Option(["--vae"], default="moving-mnist", show_default=True, help="Name or file of a VAE of clips."),
        click.Option(["--seed"], type=click.IntRange(0), default=0, show_default=True, help="Seed of the draw."),
        exists_option(),
        device_option(),
        debug_option(),
    ],
    help="Predict the frames after CLIP, which is a GIF, an MP4 or a folder of pictures, one for each frame.",
    epilog="Example: vaeedit predict clip.gif -o longer.gif --frames 10",
)  # fmt: skip

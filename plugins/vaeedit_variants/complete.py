"""`vaeedit complete`: several completions of a picture of which a part is hidden, as a grid or as a file each."""

from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray

from vaeedit.api import (
    Frame,
    ImageError,
    LoadedVae,
    Session,
    console,
    mask_of,
    read,
    refuse_existing,
    working,
)
from vaeedit_variants.completion_evaluation import require_completing
from vaeedit_variants.output import draw_options, output_option, write_grids


def hidden_part(mask: Frame, picture: Frame) -> NDArray[np.bool_]:
    """Where a mask is white, (H, W); raises ImageError for a mask that has another size than the picture, or no white."""
    if (mask.height, mask.width) != (picture.height, picture.width):
        raise ImageError(
            f"The mask has {mask.width}x{mask.height} pixels, and the picture has {picture.width}x{picture.height}; "
            "make a mask of the size of the picture."
        )
    hidden: NDArray[np.bool_] = mask_of(mask, picture.height, picture.width) >= 0.5
    if not hidden.any():
        raise ImageError("The mask hides nothing; paint white what is to be completed.")
    return hidden


def completions(
    vae: LoadedVae,
    picture: Frame,
    hidden: NDArray[np.bool_],
    count: int,
    *,
    seed: int = 0,
    temperature: float = 1.0,
) -> list[NDArray[np.uint8]]:
    """`count` completions, each (H, W, C) of 8 bits, of a picture of which the part `hidden` (H, W) is not seen.

    Completion n is the mean of p(x | z, visible part) for a draw z of the prior by `seed + n`, and equals the picture where
    that is visible. `temperature` multiplies the deviation of z. Raises UsageError for a VAE that cannot complete, and
    ImageError for a picture that it cannot take.
    """
    network = require_completing(vae)
    vae.require_suitable(picture)
    x = torch.from_numpy(picture.floats()).permute(2, 0, 1)[None].to(vae.device)
    visible = torch.from_numpy(~hidden).to(x)[None, None]
    with torch.inference_mode():
        prior = network.given_visible(x, visible).prior(1, hidden.shape)
        drawn = (prior.sample(number, temperature) for number in range(seed, seed + count))
        return [network.decode(latents).pixels()[0] for latents in drawn]


def _complete(
    picture: str,
    mask: str,
    number: int,
    output: str,
    vae: str,
    temperature: float,
    seed: int,
    exists: str,
    device: str,
    debug: bool,
) -> int:
    target = Path(output)
    names = [f"{index:04d}.png" for index in range(seed, seed + number)]
    paths = [target] if target.suffix else [target / name for name in names]
    refuse_existing(paths, exists)
    frame = working(read(picture))
    hidden = hidden_part(read(mask), frame)
    with Session(device=device) as session:
        made = completions(session.vae(vae), frame, hidden, number, seed=seed, temperature=temperature)
    seen = np.where(hidden[..., None], np.uint8(128), frame.as_uint8())
    write_grids(paths, [seen, *made] if target.suffix else made, edited=True)
    console.say(f"{output}  ({number} completions of {picture})")
    return console.OK


complete = click.Command(
    "complete",
    callback=_complete,
    params=[
        click.Argument(["picture"], metavar="PICTURE"),
        click.Option(
            ["--mask"], required=True, metavar="FILE",
            help="Mask of the size of the picture: white is hidden, black is visible.",
        ),
        output_option(),
        click.Option(
            ["-n", "--number"], type=click.IntRange(1, 10_000), default=8, show_default=True, help="Number of completions."
        ),
        click.Option(
            ["--vae"], default="mnist-completion", show_default=True, help="Name or file of a VAE that completes images."
        ),
        *draw_options(),
    ],
    help="Draw completions of a picture of which a part is hidden. A grid shows first what is visible.",
    epilog="Example: vaeedit complete digit.png --mask hidden.png -n 8 -o completions.png",
)  # fmt: skip

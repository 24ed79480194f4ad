"""`vaeedit evaluate prediction`: how well a VAE of clips predicts Moving MNIST, made of the images of a data source."""

from typing import Any

import click
import torch
from torch import Tensor

from vaeedit.api import Latents, Session, UsageError, console, rows_command
from vaeedit_variants.images import Images
from vaeedit_variants.moving import moving
from vaeedit_variants.recurrent import require_recurrent

BATCH = 50


def figures(
    session: Session,
    vae: str,
    data: str,
    split: str,
    clips: int,
    given: int,
    frames: int,
    digits: int,
    samples: int,
    seed: int,
) -> list[dict[str, Any]]:
    """One row: squared errors per frame of the mean, the best sample and the last given frame; the ELBO."""
    loaded = session.vae(vae)
    network = require_recurrent(loaded)
    images = torch.cat([x for x, _ in Images(data, split, None, False, seed).batches(loaded)])[:, 0]
    if max(images.shape[1:]) > min(network.frame_size):
        raise UsageError(f"The images of {data} do not fit into the frames of the VAE {loaded.info.name}.")
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    parts: dict[str, list[Tensor]] = {}
    with torch.inference_mode(), session.autocast():
        for start in range(0, clips, BATCH):
            chosen = torch.randint(len(images), (min(BATCH, clips - start), digits), generator=generator)
            clip = moving(images[chosen].cpu(), given + frames, min(network.frame_size), generator).to(
                loaded.device
            )
            for name, values in _errors(network, clip, given, samples).items():
                parts.setdefault(name, []).append(values.double())
            console.progress(f"{start + len(chosen)} of {clips} clips")
    protocol = (
        f"Moving MNIST made of the {split} images: {digits} in each of {clips} clips (seed {seed}); {given} frames given, "
        f"{frames} predicted; squared error summed over the pixels of a frame, mean over frames and clips; "
        f"ELBO of all {given + frames} frames of gray values, in nats per clip"
    )
    means = {name: round(torch.cat(values).mean().item(), 2) for name, values in parts.items()}
    return [{"protocol": protocol, "vae": loaded.info.name, "clips": clips, **means}]


def _errors(network: Any, clip: Tensor, given: int, samples: int) -> dict[str, Tensor]:
    """The figures of each clip (B,)."""
    seen, rest = clip[:, :given], clip[:, given:]
    noise = network.noise(len(clip), rest.shape[1], given)

    def error(latents: Latents) -> Tensor:
        return _per_frame(network.continued(seen, latents, rest.shape[1]) - rest)

    found = {"squared_error": error(noise.mean())}
    if samples:
        drawn = [error(_drawn(noise)) for _ in range(samples)]
        found[f"best_of_{samples}"] = torch.stack(drawn).amin(0)
    return {**found, "last_frame": _per_frame(seen[:, -1:] - rest), "elbo": network.draw_clip(clip).elbo}


def _per_frame(difference: Tensor) -> Tensor:
    """Squares (B, T, C, H, W), summed over the pixels and averaged over the frames."""
    return difference.float().square().sum((2, 3, 4)).mean(1)


def _drawn(noise: Latents) -> Latents:
    """A draw for each clip, by torch's global generator."""
    return Latents(
        tuple(level.at(torch.randn(level.mean.shape, device=level.mean.device)) for level in noise.levels)
    )


prediction = rows_command(
    figures,
    [
        click.Argument(["data"], metavar="DATA"),
        click.Option(["--split"], default="test", show_default=True, help="Part of the data: train, validation or test."),
        click.Option(["--clips"], type=click.IntRange(1), default=1000, show_default=True, help="Number of clips."),
        click.Option(["--given"], type=click.IntRange(1, 1000), default=10, show_default=True, help="Frames that are given."),
        click.Option(
            ["--frames"], type=click.IntRange(1, 1000), default=10, show_default=True, help="Frames that are predicted."
        ),
        click.Option(["--digits"], type=click.IntRange(1, 8), default=2, show_default=True, help="Images in a clip."),
        click.Option(
            ["--samples"], type=click.IntRange(0, 1000), default=20, show_default=True,
            help="Samples of the future of each clip, of which the best counts; 0 leaves it out.",
        ),
        click.Option(["--seed"], type=click.IntRange(0), default=0, show_default=True, help="Seed of clips and samples."),
    ],
    vae="moving-mnist",
    epilog="Example: vaeedit evaluate prediction mnist/ --clips 1000 --samples 20",
)  # fmt: skip

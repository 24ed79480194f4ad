"""`vaeedit fit-density`: fits a Gaussian mixture to the latents of images, and writes a VAE file that holds it."""

from pathlib import Path

import click
import msgspec
import torch

from vaeedit.api import (
    LoadedVae,
    Session,
    UsageError,
    console,
    debug_option,
    device_option,
    exists_option,
    refuse_existing,
    save_vae,
    write_card,
)
from vaeedit_variants.images import Images
from vaeedit_variants.mixture import LatentMixture
from vaeedit_variants.plain import PlainVAE

SPLIT = "train"
"""Part of the data whose images are encoded: those that the VAE knows."""


def _fit(
    vae: str,
    data: str,
    output: str,
    components: int,
    limit: int | None,
    seed: int,
    exists: str,
    device: str,
    debug: bool,
) -> int:
    target = Path(output)
    refuse_existing([target], exists)
    if target.exists() and Path(vae).exists() and target.samefile(vae):
        raise UsageError(f"{target} is the VAE itself; inputs are never modified: name another output.")
    with Session(device=device) as session:
        loaded = session.vae(vae)
        network = _require_plain(loaded)
        codes = _codes(loaded, network, Images(data, SPLIT, limit, None, seed))
    if len(codes) <= components:
        raise UsageError(f"There are {len(codes)} images, too few for {components} components.")
    console.progress(f"{components} components")
    network.mixture = LatentMixture.fit(codes, components, seed)
    density = {
        "components": components,
        "images": len(codes),
        "data": Path(data).name,
        "split": SPLIT,
        "seed": seed,
    }
    info = msgspec.structs.replace(
        loaded.info,
        config={**loaded.info.config, "mixture": components},
        training={**loaded.info.training, "mixture": density},
    )
    save_vae(target, network, info)
    write_card(target, info)
    console.say(f"{target}  (a mixture of {components} components, fitted to {len(codes)} images)")
    return console.OK


def _require_plain(vae: LoadedVae) -> PlainVAE:
    """The network; raises UsageError where latents are no single vector that depends on the image alone."""
    if type(vae.network) is not PlainVAE:
        raise UsageError(
            f"The VAE {vae.info.name} is {vae.info.architecture}: a mixture is fitted to the latents of a plain VAE, which "
            "are one vector."
        )
    return vae.network


def _codes(vae: LoadedVae, network: PlainVAE, images: Images) -> torch.Tensor:
    """Posterior means (N, L) of the images."""
    codes: list[torch.Tensor] = []
    with torch.inference_mode():
        for x, _ in images.batches(vae):
            codes.append(network.features(x).mean.flatten(1).cpu())
            console.progress(f"{sum(map(len, codes))} images")
    return torch.cat(codes) if codes else torch.empty(0, network.latents)


fit_density = click.Command(
    "fit-density",
    callback=_fit,
    params=[
        click.Argument(["vae"], metavar="VAE"),
        click.Argument(["data"], metavar="DATA"),
        click.Option(["-o", "--output"], required=True, metavar="FILE", help="VAE file to write; VAE stays as it is."),
        click.Option(
            ["--components"], type=click.IntRange(1, 1000), default=10, show_default=True,
            help="Gaussian distributions of the mixture, each with a full covariance.",
        ),
        click.Option(["--limit"], type=click.IntRange(1), help="Use only this many images, the first ones."),
        click.Option(["--seed"], type=click.IntRange(0), default=0, show_default=True, help="Seed of the fit."),
        exists_option(),
        device_option(),
        debug_option(),
    ],
    help="Fit a Gaussian mixture to the latents of images, for `vaeedit generate --density gmm`. VAE is a name or file of a "
    "plain VAE; the output holds its weights and the mixture.",
    epilog="Example: vaeedit fit-density digits.safetensors mnist/ -o digits-gmm.safetensors",
)  # fmt: skip

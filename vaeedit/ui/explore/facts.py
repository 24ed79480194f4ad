"""What is known of a scene, and so which controls make sense."""

import math
from collections.abc import Iterator

import numpy as np
import torch

from vaeedit.extension.registry import Registry
from vaeedit.image import Frame
from vaeedit.image.frame import Pixels
from vaeedit.image.sizing import resized
from vaeedit.ui.engine.worker import Worker
from vaeedit.ui.explore.codes import NO_CLASS, Coded, Codes, codes_of
from vaeedit.ui.explore.picture import png
from vaeedit.ui.explore.scene import LevelFacts, Opened, Scene
from vaeedit.vae.classes import name_of
from vaeedit.vae.draws import Generative
from vaeedit.vae.given import Labeled
from vaeedit.vae.latents import Gaussian
from vaeedit.vae.suits import misfits

DIRECTIONS = 6
"""Most principal directions that are offered."""
LEAST = 0.001
"""Smallest share of the variance of a direction that is offered."""
THUMBNAIL = 96
"""Longest side in pixels of the pictures in the corners of the pad."""


def facts(worker: Worker, scene: Scene) -> Opened:
    """Encode a scene and describe it; raises VaeeditError for a VAE or a picture that cannot be used."""
    codes = codes_of(worker, scene)
    vae, network = codes.vae, codes.network()
    draws = isinstance(network, Generative)
    pictures = codes.pictures
    levels = pictures[0].latents.levels if pictures else network.prior(1, codes.size).levels if draws else ()
    means = any(one.codes for one in pictures)
    return Opened(
        name=vae.info.name,
        width=codes.size[1],
        height=codes.size[0],
        levels=tuple(_level(level, pictures[0] if pictures else None) for level in levels),
        draws=draws,
        codes=means or not pictures,
        spread=any(level.log_scale is not None for level in levels),
        classes=_classes(codes),
        labels=tuple(name_of(one.label, vae.info.classes) for one in pictures if one.label != NO_CLASS),
        fidelity=tuple(_psnr(one) for one in pictures) if means else (),
        shares=_shares(codes) if draws or means else (),
        operations=tuple(_operations(scene.vae, worker.session.registry)) if pictures else (),
        thumbnails=tuple(png(_thumbnail(one.frame)) for one in pictures),
    )


def _level(level: Gaussian, picture: Coded | None) -> LevelFacts:
    """A level, with KL(q || N(0, I)) in bits for each value of the picture."""
    _, channels, height, width = level.mean.shape
    if level.log_scale is None or picture is None:
        return LevelFacts(channels, height, width, None)
    zero = torch.zeros_like(level.mean)
    nats = float(level.kl(Gaussian(zero, zero)).double().sum())
    return LevelFacts(channels, height, width, nats / math.log(2) / picture.frame.pixels.size)


def _classes(codes: Codes) -> tuple[str, ...]:
    network = codes.vae.network
    count = network.classes if isinstance(network, Labeled) else 0
    return tuple(name_of(label, codes.vae.info.classes) for label in range(count))


def _psnr(picture: Coded) -> float:
    """PSNR in dB of the reconstruction, clipped to [0, 1]; at most 100."""
    values = picture.values.to(picture.decoded)
    error = float((picture.decoded.clamp(0, 1) - values).square().mean())
    return min(100.0, -10 * math.log10(max(error, 1e-10)))


def _shares(codes: Codes) -> tuple[float, ...]:
    """The shares of the directions that are offered."""
    shares: list[float] = codes.principal.shares[:DIRECTIONS].tolist()
    return tuple(share for share in shares if share >= LEAST)


def _operations(vae: str, registry: Registry) -> Iterator[str]:
    """Operations that only move latents, need no other picture, and suit the VAE."""
    for name, item in sorted(registry.operations.bare.items()):
        spec = item.spec
        if spec.latent and not spec.needs and not any(misfits(vae, spec, registry)):
            yield name


def _thumbnail(frame: Frame) -> Pixels:
    scale = min(1.0, THUMBNAIL / max(frame.height, frame.width))
    size = (max(1, round(side * scale)) for side in (frame.height, frame.width))
    return np.rint(resized(frame.floats(), *size) * 255).clip(0, 255).astype(np.uint8)

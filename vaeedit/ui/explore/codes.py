"""Pictures as a VAE sees them: made to fit, encoded and decoded once, and kept in the process."""

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vaeedit.devices import autocast, resolve_precision
from vaeedit.image import Frame, working
from vaeedit.image.frame import from_floats, luma
from vaeedit.image.sizing import resized
from vaeedit.ui.engine.cache import Cache
from vaeedit.ui.engine.worker import Worker, stamp
from vaeedit.ui.explore.scene import ANY, Scene
from vaeedit.vae.draws import Generative
from vaeedit.vae.given import Labeled
from vaeedit.vae.latents import Latents
from vaeedit.vae.loaded import LoadedVae
from vaeedit.vae.principal import Principal, principal_of_areas, principal_of_decoder
from vaeedit.vae.protocol import Estimator, FixedSize, Upscaler

KEPT = 256 << 20
"""Bytes of latents and their contexts that a process keeps."""
DRAWN = 64
"""Draws of the prior that are decoded at once."""
NO_CLASS = -1
"""The label of any class."""


@dataclass(frozen=True)
class Coded:
    """One picture with its latents."""

    frame: Frame
    latents: Latents
    label: int
    """The class that it is taken for, or `NO_CLASS`."""
    decoded: Tensor
    """The reconstruction (1, C, H, W)."""

    @property
    def codes(self) -> bool:
        """Whether the latents code the picture itself: of a conditional VAE the means are zero, those of the prior."""
        return any(bool(level.mean.any()) for level in self.latents.levels)

    @property
    def values(self) -> Tensor:
        """The picture itself (1, C, H, W) in [0, 1]."""
        return values_of(self.frame)

    @cached_property
    def lost(self) -> Tensor:
        """What decoding loses (1, C, H, W)."""
        return self.values.to(self.decoded) - self.decoded


@dataclass(frozen=True)
class Codes:
    """The pictures of a scene, which have one size, and the VAE."""

    scene: Scene
    vae: LoadedVae
    precision: torch.dtype
    size: tuple[int, int]
    """Height and width in pixels of what is encoded."""
    pictures: tuple[Coded, ...] = ()
    references: Cache[Latents] = field(default_factory=lambda: Cache(KEPT // 4, _bytes))
    """Latents of frames, by a hash of their pixels."""

    def network(self, label: int = NO_CLASS, guidance: float = 1.0, count: int = 1) -> Any:
        """What encodes, decodes and draws `count` pictures: given a class, of a VAE that knows classes."""
        network: Any = self.vae.network
        if not isinstance(network, Labeled):
            return network
        return network.given_labels(torch.full((count,), label, device=self.vae.device), guidance=guidance)

    def decoder(self, label: int = NO_CLASS, guidance: float = 1.0, count: int = 1) -> Any:
        """What decodes; of a VAE without classes its errors name whose code it is."""
        knows = isinstance(self.vae.network, Labeled)
        return self.network(label, guidance, count) if knows else self.vae.decoder

    def encoded(self, frame: Frame) -> Latents:
        """The latents of a frame of this size, encoded once."""
        key = hashlib.blake2b(frame.pixels.tobytes()).digest()
        return self.references.get(key, lambda: _encoded(self, frame, _label(self.vae, frame)))

    @cached_property
    def principal(self) -> Principal:
        """The directions: of a VAE with a prior by what they do to pictures, else of the areas of the pictures."""
        network = self.network(count=DRAWN)
        if not isinstance(network, Generative):
            return principal_of_areas([one.latents.levels[0].mean for one in self.pictures])
        prior = network.prior(DRAWN, self.size)
        decode = self.decoder(count=DRAWN).decode
        with torch.inference_mode(), autocast(self.vae.device, self.precision):
            return principal_of_decoder(lambda z: decode(z).mean, prior)

    @property
    def bytes(self) -> int:
        """About how much memory the latents take."""
        return sum(_bytes(one.latents) for one in self.pictures) + self.references.bytes


def _bytes(latents: Latents) -> int:
    return sum(part.nbytes for part in latents.tensors())


_kept: Cache[Codes] = Cache(KEPT, lambda codes: codes.bytes)


def codes_of(worker: Worker, scene: Scene) -> Codes:
    """A scene, encoded once; raises VaeeditError for a VAE or a picture that cannot be used."""
    vae, size = worker.session.vae(scene.vae), size_of(worker, scene)
    key = (scene.vae, size, *map(stamp, scene.pictures))

    def made() -> Codes:
        precision = resolve_precision(worker.session.settings.precision, vae.device, 8)
        codes = Codes(scene, vae, precision, size)
        coded = []
        for number, path in enumerate(scene.pictures):
            worker.tell(number / len(scene.pictures), "Encoding")
            frame = working(worker.frame(path))
            coded.append(_coded(codes, fitted(frame, size, vae.network.channels)))
        return replace(codes, pictures=tuple(coded))

    return _kept.get(key, made)


def size_of(worker: Worker, scene: Scene) -> tuple[int, int]:
    """Height and width at which all pictures are encoded: that of the first one, shrunk so that what is decoded is no longer
    than the scene's side.
    """
    vae = worker.session.vae(scene.vae)
    network = vae.network
    if isinstance(network, FixedSize):
        return network.size
    if not scene.pictures:
        return ANY, ANY
    first = worker.frame(scene.pictures[0])
    times = network.magnification(_needed(vae)) if isinstance(network, Upscaler) else 1
    scale = min(1.0, scene.side / times / max(first.height, first.width))
    whole = network.multiple
    height, width = (max(1, round(side * scale / whole)) * whole for side in (first.height, first.width))
    return height, width


def fitted(frame: Frame, size: tuple[int, int], channels: int) -> Frame:
    """The middle of a picture, as large as possible, at a size (height, width), with 8 bits and 1 or 3 channels."""
    values = frame.floats()
    if frame.channels != channels:
        values = luma(values)[..., None] if channels == 1 else np.repeat(values, 3, 2)
    scale = max(size[0] / frame.height, size[1] / frame.width)
    height, width = (max(want, round(have * scale)) for want, have in zip(size, values.shape, strict=False))
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    middle = resized(values, height, width)[top : top + size[0], left : left + size[1]]
    return Frame(from_floats(middle, np.dtype(np.uint8)))


def _needed(vae: LoadedVae) -> dict[str, float]:
    """The conditions that a VAE cannot do without, at values that suit any picture."""
    return dict(getattr(vae.network, "needs", {}))


def values_of(frame: Frame) -> Tensor:
    """A frame as (1, C, H, W) in [0, 1]."""
    return torch.from_numpy(frame.floats()).permute(2, 0, 1)[None]


def _label(vae: LoadedVae, frame: Frame) -> int:
    """The class that a VAE takes a frame for; `NO_CLASS` where it knows none, or cannot tell."""
    network = vae.network
    if not (isinstance(network, Labeled) and isinstance(network, Estimator) and network.conditions):
        return NO_CLASS
    with torch.inference_mode():
        maps = vae.conditions({}, values_of(frame).to(vae.device))
    return round(float(maps[network.conditions[0]].mean()))


def _encoded(codes: Codes, frame: Frame, label: int) -> Latents:
    """The latents of a whole frame; conditions that the VAE needs have values that suit any picture, others are estimated."""
    seen: list[Latents] = []
    vae = codes.vae
    if isinstance(vae.network, Labeled):
        with torch.inference_mode(), autocast(vae.device, codes.precision):
            encoded: Latents = codes.network(label).encode(values_of(frame).to(vae.device), {})
        return encoded
    vae.visit(frame.with_conditions(**_needed(vae)), seen.append, precision=codes.precision)
    return seen[0]


def _coded(codes: Codes, frame: Frame) -> Coded:
    latents, label = codes.encoded(frame), _label(codes.vae, frame)
    with torch.inference_mode(), autocast(codes.vae.device, codes.precision):
        decoded = codes.decoder(label).decode(latents.mean()).mean.float()
    return Coded(frame, latents, label, decoded)

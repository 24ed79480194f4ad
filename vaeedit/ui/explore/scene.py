"""What the tab Explore asks of a worker, and what it gets back. Nothing here imports torch."""

from typing import Any

from msgspec import Struct

MOST = 4
"""Most pictures to walk between."""
GRID = 16
"""Most samples side by side."""
SIDE = 512
"""Longest side in pixels of what is shown at rest; larger pictures are shrunk to it."""
MOVING = 256
"""The same while something moves."""
ANY = 64
"""Side in pixels of pictures that are drawn from a VAE that takes any size."""


class Choice(Struct, frozen=True):
    """A VAE that can be chosen."""

    vae: str
    """Its name, or its file."""
    group: str
    """What VAEs of its kind do."""
    draws: bool
    """Whether it has a prior that new pictures are drawn from."""
    summary: str


class Scene(Struct, frozen=True):
    """What a VAE encodes once: pictures, or none, where they are drawn from its prior."""

    vae: str
    pictures: tuple[str, ...] = ()
    """Up to `MOST` files."""
    side: int = SIDE


class LevelFacts(Struct, frozen=True):
    """One level of latents."""

    channels: int
    height: int
    width: int
    bits: float | None
    """KL to the prior of the first picture, in bits for each value of the picture; None without one."""


class Opened(Struct, frozen=True):
    """What is known of a scene, and so which controls make sense."""

    name: str
    width: int
    height: int
    levels: tuple[LevelFacts, ...]
    """Coarse to fine."""
    draws: bool
    """Whether the VAE draws pictures from its prior."""
    codes: bool
    """Whether the latents code the picture itself; else they code what a restored picture may differ in."""
    spread: bool
    """Whether latents have a deviation, so that samples differ."""
    classes: tuple[str, ...]
    """Names of the classes that it knows."""
    labels: tuple[str, ...]
    """The class that each picture is taken for."""
    fidelity: tuple[float, ...]
    """PSNR in dB of each reconstructed picture, at most 100; empty where decoded pictures are none."""
    shares: tuple[float, ...]
    """The share of the variance of each principal direction, the strongest first."""
    operations: tuple[str, ...]
    """Names of the operations that only move latents and suit the VAE."""
    thumbnails: tuple[bytes, ...]
    """PNG of each picture, small."""


class LatentStep(Struct, frozen=True):
    """An operation that only moves latents, with options as they were written."""

    operation: str
    options: dict[str, Any]


class Move(Struct, frozen=True):
    """Where all controls are."""

    x: float = 0.0
    """From the left pictures (0) to the right ones (1)."""
    y: float = 0.0
    """From the upper pictures (0) to the lower ones (1)."""
    samples: int = 0
    """Samples side by side; 0 is the mean."""
    seed: int = 0
    temperature: float = 1.0
    """Factor on the deviations of samples."""
    label: str = ""
    """Class by name; empty for that of the picture, or any."""
    guidance: float = 1.0
    """How far to move from any class (0) to this one (1), and beyond."""
    means: tuple[float, ...] = ()
    """Factors on the means of levels, coarse to fine."""
    deviations: tuple[float, ...] = ()
    """Factors on the deviations of levels, coarse to fine."""
    along: tuple[float, ...] = ()
    """Distances along the principal directions, in standard deviations."""
    steps: tuple[LatentStep, ...] = ()
    details: bool = False
    """Whether what reconstructing loses is added back."""


class Shown(Struct, frozen=True):
    """What is known of the picture of a move."""

    width: int
    """In pixels, at rest; of all samples together."""
    height: int
    warnings: tuple[str, ...]
    seconds: float
    """How long it took to decode, coarsely."""

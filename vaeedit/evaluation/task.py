"""Tasks of an evaluation: how an observed image is made of a reference, and how output and reference are compared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vaeedit.errors import UsageError
from vaeedit.evaluation.metrics import Array
from vaeedit.image import Frame, image_files
from vaeedit.image.frame import Condition


@dataclass(frozen=True)
class Pair:
    """A reference and the observed image, which is the input of the operation."""

    path: Path
    """The file of the reference."""
    reference: Frame
    """The image that a perfect operation would return."""
    observed: Frame
    """The input of the operation."""
    baseline: Frame | None = None
    """The picture that one has without the operation, of the size of the reference; the report gives its PSNR, too."""


class Task(Protocol):
    """One operation with one setting."""

    @property
    def operation(self) -> str:
        """The operation's name."""

    @property
    def protocol(self) -> str:
        """The protocol, described in one line of the report."""

    @property
    def setting(self) -> Mapping[str, Any]:
        """The first columns of the report by name, such as the noise level."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Options of the operation."""

    @property
    def conditions(self) -> Mapping[str, Condition]:
        """Conditions of the VAE, for measurements that call the VAE without the operation."""

    def pairs(self, folder: Path) -> Iterator[Pair]:
        """The pairs of a folder, in order of their names; raises UsageError where there are none."""

    def compared(self, pixels: NDArray[np.uint8]) -> Array:
        """The part of an 8-bit RGB picture (H, W, 3) that PSNR and SSIM compare, as (H, W, C) from 0 to 255."""

    @property
    def sample(self) -> Mapping[str, Any]:
        """Options that make the operation draw one posterior sample; empty where it cannot."""

    def agreement(self, observed: Frame, output: NDArray[np.uint8]) -> dict[str, float]:
        """Other figures by name: how well an output (H, W, 3) agrees with the observed image."""


class AllOfIt:
    """Base of tasks: unless they differ, they have no conditions or samples, and compare all pixels in RGB."""

    conditions: Mapping[str, Condition] = {}
    """None."""
    sample: Mapping[str, Any] = {}
    """None."""
    vae: str = ""
    """VAE to measure where the user names none; empty for the default of the command."""

    def compared(self, pixels: NDArray[np.uint8]) -> Array:
        """All pixels (H, W, 3), from 0 to 255."""
        return pixels.astype(np.float64)

    def agreement(self, observed: Frame, output: NDArray[np.uint8]) -> dict[str, float]:
        """No other figures."""
        return {}


def pictures(folder: Path) -> list[Path]:
    """The image files of a folder, sorted; raises UsageError where there are none."""
    paths = image_files([folder])
    if not paths:
        raise UsageError(f"There is no picture in {folder}.")
    return paths

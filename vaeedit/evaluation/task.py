"""What is measured: how an observed image is made from a reference, and where and on what the two are compared."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
    """A reference and what the operation gets of it."""

    path: Path
    reference: Frame
    observed: Frame


class Task(Protocol):
    """One operation at one difficulty."""

    @property
    def operation(self) -> str:
        """The operation's name."""

    @property
    def protocol(self) -> str:
        """The protocol in one line, for the report."""

    @property
    def setting(self) -> dict[str, Any]:
        """The difficulty, by name: the first columns of the report."""

    @property
    def options(self) -> dict[str, Any]:
        """Options of the operation."""

    @property
    def conditions(self) -> dict[str, Condition]:
        """Conditions of the VAE, for measurements that bypass the operation."""

    def pairs(self, folder: Path) -> Iterator[Pair]:
        """What a folder holds, in order; raises UsageError where it holds nothing to measure."""

    def compared(self, pixels: NDArray[np.uint8]) -> Array:
        """What of an 8-bit RGB picture PSNR and SSIM see, (H, W, C) from 0 to 255."""

    @property
    def sample(self) -> dict[str, Any]:
        """Options that make the operation draw one posterior sample; empty where it cannot."""

    def agreement(self, observed: Frame, output: NDArray[np.uint8]) -> dict[str, float]:
        """Further figures: how well an output agrees with what the operation was given."""


class AllOfIt:
    """What most tasks compare: every pixel, in RGB, and nothing else."""

    def compared(self, pixels: NDArray[np.uint8]) -> Array:
        """All of it, in RGB."""
        return pixels.astype(np.float64)

    def agreement(self, observed: Frame, output: NDArray[np.uint8]) -> dict[str, float]:
        """None."""
        return {}


def pictures(folder: Path) -> list[Path]:
    """The images of a folder; raises UsageError where there are none."""
    paths = image_files([folder])
    if not paths:
        raise UsageError(f"There is no picture in {folder}.")
    return paths


def conditioned(frame: Frame, task: Task) -> Frame:
    """An observed image with what the VAE is told about it."""
    return replace(frame, conditions=task.conditions)

"""Random crops of the images in a folder. Decoded images are kept in memory, up to a limit."""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from vaeedit.errors import ImageError, OptionError
from vaeedit.image import image_files, read
from vaeedit.training.recipe import Data


class CropBatches(IterableDataset[Tensor]):
    """Endless batches (B, 3, P, P) of uint8 crops, mirrored and turned at random where `settings.turn` is set.

    `patch` is the side P in use, one of `settings.patch`; `callbacks.GrowCrops` changes it during training.

    Where the images need more memory than `settings.cache`, the oldest image in memory is replaced by the next file
    before one batch in ten. The files in `without` are left out. Raises OptionError where no image is large enough.
    """

    def __init__(
        self, folder: Path, settings: Data, seed: int, without: Collection[Path] = frozenset()
    ) -> None:
        self.settings, self.seed = settings, seed
        self.patch = settings.patch[0]
        self.waiting = [path for path in image_files([folder], recursive=True) if path not in without]
        self.random = np.random.default_rng(seed)
        self.random.shuffle(self.waiting)
        self.images: list[tuple[Path, NDArray[np.uint8]]] = []
        self.skipped: list[str] = []
        self._fill(settings.cache * 2**20)
        if not self.images:
            side = max(settings.patch)
            raise OptionError(f"{folder} holds no readable image of at least {side} pixels a side.")

    def __iter__(self) -> Iterator[Tensor]:
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            self.random = np.random.default_rng((self.seed, torch.distributed.get_rank()))
        while True:
            if self.waiting and self.random.random() < 0.1:
                self._replace_oldest()
            crops = [self._chosen() for _ in range(self.settings.batch)]
            yield torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)

    def _fill(self, budget: int) -> None:
        """Decode files until all are in memory or `budget` bytes are used; the other files stay in `waiting`."""
        used = 0
        while self.waiting and used < budget:
            path = self.waiting.pop(0)
            image = self._load(path)
            if image is not None:
                self.images.append((path, image))
                used += image.nbytes

    def _replace_oldest(self) -> None:
        path = self.waiting.pop(0)
        image = self._load(path)
        if image is not None:
            self.images.append((path, image))
            oldest, _ = self.images.pop(0)
            self.waiting.append(oldest)

    def _load(self, path: Path) -> NDArray[np.uint8] | None:
        """Decode a file to (H, W, 3) uint8; None where it cannot be read or is smaller than the largest crop."""
        try:
            pixels = read(path).as_uint8()
        except ImageError as error:
            self.skipped.append(str(error))
            return None
        if min(pixels.shape[:2]) < max(self.settings.patch):
            return None
        return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))

    def _chosen(self) -> NDArray[np.uint8]:
        """Draw `settings.candidates` crops and return the one with most detail; a network learns little from flat ones."""
        crops = [self._crop() for _ in range(self.settings.candidates)]
        return crops[0] if len(crops) == 1 else max(crops, key=_detail)

    def _crop(self) -> NDArray[np.uint8]:
        image = self._image()
        row, column = (self.random.integers(size - self.patch + 1) for size in image.shape[:2])
        crop = image[row : row + self.patch, column : column + self.patch]
        if not self.settings.turn:
            return crop
        if self.random.random() < 0.5:
            crop = crop[:, ::-1]
        return np.rot90(crop, int(self.random.integers(4)))

    def _image(self) -> NDArray[np.uint8]:
        if self.settings.draw == "images":
            return self.images[self.random.integers(len(self.images))][1]
        ends = np.cumsum([image.size for _, image in self.images])
        return self.images[int(np.searchsorted(ends, self.random.integers(ends[-1]), side="right"))][1]


def _detail(crop: NDArray[np.uint8]) -> float:
    """Mean absolute difference of horizontal neighbors in the green channel of every second row."""
    green = crop[::2, :, 1].astype(np.int16)
    return float(np.abs(np.diff(green, axis=1)).mean())


def to_gray(x: Tensor, share: float) -> Tensor:
    """Replace each image of (B, 3, H, W), with probability `share`, by the mean of its channels in all three."""
    chosen = torch.rand(len(x), 1, 1, 1, device=x.device) < share
    return torch.where(chosen, x.mean(1, keepdim=True), x)

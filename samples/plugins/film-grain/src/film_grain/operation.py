"""The work: noise of the wanted grain size, weighted by tone."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from film_grain import GrainOptions
from film_grain.noise import grain
from vaeedit.api import Frame, Operation, Result, luma


class FilmGrain(Operation[GrainOptions]):
    """Adds to each value grain of one size: in part the same for all colors, in part of its own."""

    @property
    def is_identity(self) -> bool:
        """True for amount 0."""
        return self.options.amount == 0

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The picture with its grain; the file's depth, alpha and metadata stay."""
        (frame,) = frames
        x = frame.floats()  # (H, W, C) of float32 in [0, 1], whatever the depth of the file
        tone = luma(x).clip(0, 1)[..., None]
        added = 4 * self.options.amount * tone * (1 - tone) * self._noise(x.shape)  # none in black and white
        maps = {"grain": frame.with_floats(added + 0.5)} if "grain" in self.request.maps else {}
        return Result(frame.with_floats(x + added), maps, notes={"grain": round(float(added.std()), 4)})

    def _noise(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Noise (H, W, C) with a standard deviation of 1."""
        height, width, channels = shape
        layers = [
            grain(self.request.seed, layer, height, width, self.options.size) for layer in range(channels + 1)
        ]
        share = self.options.color if channels == 3 else 0.0
        noise = math.sqrt(1 - share) * layers[0][..., None] + math.sqrt(share) * np.stack(layers[1:], axis=-1)
        return noise.astype(np.float32)

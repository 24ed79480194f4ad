"""`fuse`: activity of the latents says which picture counts where."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from torch import Tensor

from vaeedit.api import Frame, Latents, Operation, Request, Result
from vaeedit_fuse import FuseOptions
from vaeedit_fuse.grids import Grid, at
from vaeedit_fuse.weights import activity, decision, smoothed, strongest

POWER = {"focus": float("inf"), "infrared": float("inf"), "exposure": 4.0}
"""Of the activity, for the weights of latents."""
RADIUS = 2
"""Grid places on either side over which activity is averaged."""


class Fuse(Operation[FuseOptions]):
    """Every level of the latents is taken from the picture with most activity there; focus copies pixels."""

    def __init__(self, request: Request[FuseOptions]) -> None:
        super().__init__(request)
        self.grids: dict[tuple[int, int], Grid] = {}
        self.found: dict[int, Tensor] = {}
        self.frames: list[Frame] = []

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """The picture and the others, at its size."""
        first = frames[0]
        self.frames = [first, *(_fitted(other, first) for other in self.request.images["with"])]
        if self.options.mode == "infrared":
            return [_grey(frame) for frame in self.frames]
        return self.frames

    def gather(self, index: int, latents: Latents) -> None:
        """Activity of every level, over whole pictures."""
        for rank, level in enumerate(latents.levels):
            self.grids.setdefault((index, rank), Grid()).add(level, activity(level.mean))

    def _weights(self, rank: int) -> Tensor:
        """Of every picture at a level, (K, 1, h, w)."""
        if rank not in self.found:
            maps = [smoothed(self.grids[index, rank].whole(), RADIUS) for index in range(len(self.frames))]
            self.found[rank] = strongest(maps, POWER[self.options.mode])
        return self.found[rank]

    def join(self, latents: Sequence[Latents]) -> Latents:
        """Weighted means of the latents."""
        levels = []
        for rank, first in enumerate(latents[0].levels):
            weights = at(self._weights(rank), first)
            parts = [weights[k : k + 1] * each.levels[rank].mean for k, each in enumerate(latents)]
            levels.append(first.at(sum(parts[1:], parts[0])))
        return replace(latents[0], levels=tuple(levels))

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """Focus copies; infrared keeps the colours of the first picture."""
        fused, first = frames[0], originals[0]
        if self.options.mode == "focus":
            finest = max(rank for _, rank in self.grids)
            size = (first.width, first.height)
            maps = [
                cv2.resize(smoothed(self.grids[k, finest].whole(), RADIUS)[0, 0].cpu().numpy(), size)
                for k in range(len(self.frames))
            ]
            weights = decision(maps, first.floats().mean(2), radius=4)
            parts = [
                weight[..., None] * frame.floats() for weight, frame in zip(weights, self.frames, strict=True)
            ]
            return Result(first.with_floats(np.sum(parts, 0)))
        if self.options.mode == "infrared" and first.channels == 3:
            change = fused.floats() - _grey(first).floats()
            return Result(first.with_floats(first.floats() + change))
        return Result(fused)


def _grey(frame: Frame) -> Frame:
    """Luma (BT.601), one channel."""
    if frame.channels == 1:
        return frame
    luma = frame.floats() @ np.array([0.299, 0.587, 0.114], np.float32)
    return replace(frame.with_floats(luma[..., None]), alpha=None)


def _fitted(frame: Frame, to: Frame) -> Frame:
    """A frame at the size and channels of another."""
    values = frame.floats()
    if values.shape[2] != to.channels:
        values = np.repeat(values, 3, 2) if to.channels == 3 else values.mean(2, keepdims=True)
    if values.shape[:2] != (to.height, to.width):
        values = cv2.resize(values, (to.width, to.height), interpolation=cv2.INTER_AREA)
        values = values.reshape(to.height, to.width, to.channels)
    return Frame(to.with_floats(values).pixels)

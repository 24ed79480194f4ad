"""`style`: each level of the latents is moved by the optimal transport from the picture's statistics to the styles'."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from vaeedit.api import Frame, Latents, Operation, OptionError, Request, Result
from vaeedit_style import StyleOptions
from vaeedit_style.transport import Moments, barycentre, monge_map


class Style(Operation[StyleOptions]):
    """Gaussian optimal transport on multi-scale latents; strength goes along the geodesic."""

    def __init__(self, request: Request[StyleOptions]) -> None:
        super().__init__(request)
        self.styles = request.images["style"]
        given = self.options.weights or (1.0,) * len(self.styles)
        if len(given) != len(self.styles) or min(given) < 0 or sum(given) <= 0:
            raise OptionError(f"weights must name one weight from 0 on for each of the {len(self.styles)} style pictures.")
        self.weights = given
        self.moments: list[dict[int, Moments]] = [{} for _ in range(1 + len(self.styles))]
        self.maps: dict[int, tuple[Tensor, Tensor, Tensor]] = {}

    @property
    def is_identity(self) -> bool:
        """At strength 0."""
        return self.options.strength == 0

    def references(self) -> Sequence[Frame]:
        """The style pictures."""
        return self.styles

    def gather(self, index: int, latents: Latents) -> None:
        """First and second moments of every level."""
        for rank, level in enumerate(latents.levels):
            self.moments[index].setdefault(rank, Moments()).add(level.mean)

    def edit(self, latents: Latents) -> Latents:
        """Move the levels that are to move."""
        count = len(latents.levels)
        moving = {"all": range(count), "coarse": range((count + 1) // 2), "fine": range(count // 2, count)}
        levels = list(latents.levels)
        for rank in moving[self.options.levels]:
            mean, matrix, goal = self._map(rank)
            z = levels[rank].mean
            moved = torch.einsum("dc,bchw->bdhw", matrix, z.double() - mean[:, None, None]) + goal[:, None, None]
            levels[rank] = levels[rank].at(moved.to(z.dtype))
        return replace(latents, levels=tuple(levels)).mean()

    def _map(self, rank: int) -> tuple[Tensor, Tensor, Tensor]:
        """Mean, matrix and goal of a level's map x -> matrix (x - mean) + goal, at this strength."""
        if rank not in self.maps:
            content, *styles = (moments[rank].normal() for moments in self.moments)
            target, t = barycentre(styles, self.weights), self.options.strength
            matrix = torch.lerp(torch.eye(len(content.mean), dtype=content.mean.dtype), monge_map(content, target).cpu(), t)
            self.maps[rank] = content.mean, matrix.to(content.mean), torch.lerp(content.mean, target.mean, t)
        return self.maps[rank]

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """Own colours and the mask, where they are asked for."""
        frame, original = frames[0], originals[0]
        if not self.options.preserve_color and "mask" not in self.request.images:
            return Result(frame)
        pixels = frame.floats()
        if self.options.preserve_color and frame.channels == 3:
            pixels = _recoloured(pixels, original.floats())
        for mask in self.request.images.get("mask", []):
            if (mask.height, mask.width) != (frame.height, frame.width):
                raise OptionError(f"The mask must have the size of the picture, {frame.width} x {frame.height}.")
            weight = mask.floats().mean(2, keepdims=True)
            pixels = weight * pixels + (1 - weight) * original.floats()
        return Result(frame.with_floats(pixels))


def _recoloured(pixels: np.ndarray, original: np.ndarray) -> np.ndarray:
    """The luma (BT.601) of one image with the chroma of another."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    change = pixels @ weights - original @ weights
    return np.clip(original + change[..., None], 0, 1)

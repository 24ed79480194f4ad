"""Which patch of the style suits each place of the content: nearest neighbors, made coherent.

The nearest patch alone would repeat one patch wherever the content is even. So distances are blurred by chance (the
same chance every time), and neighbors then agree on common offsets where that costs little: what is copied is larger
than a patch (coherence in the sense of Ashikhmin 2001; a Potts energy, minimized by iterated conditional modes, Besag 1986).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

CHANCE = 1.0
"""Distances are multiplied by up to 1 + this."""
COHERENCE = 0.5
"""Price of each neighbor with another offset, in mean distances."""
SWEEPS = 12
CHUNK = 1024
"""Places that are compared at once, to bound memory."""


@dataclass(frozen=True)
class Matcher:
    """Descriptions (N, D) of places of the content on a lattice (rows, columns), and of the style's grid (h, w, D)."""

    content: Tensor
    places: Tensor
    lattice: tuple[int, int]
    style: Tensor

    def offsets(self) -> Tensor:
        """From each place (row, column) of the content to the style's place that suits it, (rows, columns, 2)."""
        best, scale = self._nearest()
        found = (best - self.places).reshape(*self.lattice, 2)
        rows, columns = (torch.arange(size, device=found.device) for size in self.lattice)
        color = (rows[:, None] + columns) % 2
        for sweep in range(SWEEPS):
            found = torch.where(
                (color == sweep % 2)[..., None], self._agreed(found, COHERENCE * scale), found
            )
        return found

    def _nearest(self) -> tuple[Tensor, Tensor]:
        """The place of the style that is nearest by blurred distance, (N, 2), and the mean distance."""
        flat, columns = self.style.flatten(0, 1), self.style.shape[1]
        generator = torch.Generator().manual_seed(0)
        chosen, total = [], flat.new_zeros(())
        for part in torch.split(self.content, CHUNK):
            distances = torch.cdist(part, flat).square()
            chance = torch.rand(distances.shape, generator=generator).to(distances)
            nearest = (distances * (1 + CHANCE * chance)).argmin(1)
            total = total + distances.gather(1, nearest[:, None]).sum()
            chosen.append(nearest)
        index = torch.cat(chosen)
        return torch.stack([index // columns, index % columns], 1), total / len(index)

    def _agreed(self, offsets: Tensor, price: Tensor) -> Tensor:
        """For each place, the best of its own offset and its neighbors'."""
        around = _around(offsets)
        best, least = offsets, self._energy(offsets, around, price)
        for candidate in around:
            energy = self._energy(candidate, around, price)
            better = energy < least
            best = torch.where(better[..., None], candidate, best)
            least = torch.where(better, energy, least)
        return best

    def _energy(self, offsets: Tensor, around: list[Tensor], price: Tensor) -> Tensor:
        size = torch.tensor(self.style.shape[:2], device=offsets.device)
        goal = self.places.reshape(offsets.shape) + offsets
        inside = ((goal >= 0) & (goal < size)).all(-1)
        row, column = goal.clamp_min(0).minimum(size - 1).unbind(-1)
        distance = (self.style[row, column] - self.content.reshape(*offsets.shape[:2], -1)).square().sum(-1)
        disagree = torch.stack([(each != offsets).any(-1) for each in around]).sum(0)
        return torch.where(inside, distance, torch.inf) + price * disagree


def _around(offsets: Tensor) -> list[Tensor]:
    """The offsets of the four neighbors; beyond the border, a place's own."""
    up, down = torch.cat([offsets[:1], offsets[:-1]]), torch.cat([offsets[1:], offsets[-1:]])
    left = torch.cat([offsets[:, :1], offsets[:, :-1]], 1)
    right = torch.cat([offsets[:, 1:], offsets[:, -1:]], 1)
    return [up, down, left, right]

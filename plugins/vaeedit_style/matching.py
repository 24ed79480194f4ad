"""For each place of the content a matching patch of the style: nearest neighbors, made coherent.

The nearest patch alone would repeat one patch wherever the content is flat. So distances are multiplied by random factors
(with a fixed seed), and neighbors then agree on common offsets where that costs little: the copied pieces become larger
than a patch (coherence, Ashikhmin 2001; a Potts energy, minimized by iterated conditional modes, Besag 1986).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

CHANCE = 1.0
"""Distances are multiplied by random factors from 1 to 1 plus this."""
COHERENCE = 0.5
"""Cost of each neighbor with another offset, in mean distances."""
PRICE = 0.5
"""Cost, in mean distances, of a patch for each time that its part of the style was used more often than is fair."""
BIDS = 3
"""Rounds in which prices are found."""
PART = 2
"""Places along each side of a part of the style that has one price."""
BORDER = 8.0
"""Factor on the distance of a patch that reaches over the border of the style: mirrored, it shows the border as a line."""
SWEEPS = 12
"""Passes over the lattice, each over half of its places, like the colors of a chessboard."""
CHUNK = 1024
"""Places that are compared at once, which bounds memory."""


@dataclass(frozen=True)
class Matcher:
    """Matches places of the content, on a lattice (rows, columns), with places of the style, on a grid (h, w).

    Both are described by D values, (N, D) and (h, w, D); `places` (N, 2) are rows and columns in units of the style's grid.
    """

    content: Tensor
    places: Tensor
    lattice: tuple[int, int]
    style: Tensor

    def offsets(self) -> Tensor:
        """Offset (rows, columns, 2), int64, from each place of the content to its match in the style."""
        best, scale = self._nearest()
        offsets = (best - self.places).reshape(*self.lattice, 2)
        rows, columns = (torch.arange(size, device=offsets.device) for size in self.lattice)
        color = (rows[:, None] + columns) % 2
        for sweep in range(SWEEPS):
            agreed = self._agreed(offsets, COHERENCE * scale)
            offsets = torch.where((color == sweep % 2)[..., None], agreed, offsets)
        return offsets

    def _nearest(self) -> tuple[Tensor, Tensor]:
        """The place of the style with the smallest randomized distance and price, (N, 2), and the mean distance.

        Parts that are wanted too often become dearer, as in an auction (Bertsekas 1979): no patch becomes a stamp.
        """
        rows, columns = (torch.arange(size) for size in self.style.shape[:2])
        across = -(-len(columns) // PART)
        part = (rows[:, None] // PART * across + columns // PART).flatten()
        price = torch.zeros(int(part[-1]) + 1)
        fair = len(self.content) / len(price)
        for _ in range(BIDS):
            index, scale = self._cheapest(price[part])
            uses = torch.bincount(part[index], minlength=len(price))
            price = price + PRICE * scale * (uses / fair - 1).clamp_min(0)
        return torch.stack([index // len(columns), index % len(columns)], 1), scale

    def _cheapest(self, price: Tensor) -> tuple[Tensor, Tensor]:
        """For each place of the content the cheapest of the style, (N,), and the mean distance."""
        flat = self.style.flatten(0, 1)
        generator = torch.Generator().manual_seed(0)
        chosen, total = [], flat.new_zeros(())
        for part in torch.split(self.content, CHUNK):
            distances = torch.cdist(part, flat).square()
            chance = torch.rand(distances.shape, generator=generator)
            nearest = (distances * (1 + CHANCE * chance) * self._costs().flatten() + price).argmin(1)
            total = total + distances.gather(1, nearest[:, None]).sum()
            chosen.append(nearest)
        return torch.cat(chosen), total / len(self.content)

    def _costs(self) -> Tensor:
        """Factors on the distance of each place of the style, (h, w)."""
        costs = torch.full(self.style.shape[:2], BORDER)
        costs[PART:-PART, PART:-PART] = 1
        return costs

    def _agreed(self, offsets: Tensor, price: Tensor) -> Tensor:
        """For each place, the offset of least energy: its own or a neighbor's."""
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
        distance = distance * self._costs()[row, column]
        return torch.where(inside, distance, torch.inf) + price * disagree


def _around(offsets: Tensor) -> list[Tensor]:
    """The offsets of the four neighbors; outside the lattice, a place's own offset."""
    up, down = torch.cat([offsets[:1], offsets[:-1]]), torch.cat([offsets[1:], offsets[-1:]])
    left = torch.cat([offsets[:, :1], offsets[:, :-1]], 1)
    right = torch.cat([offsets[:, 1:], offsets[:, -1:]], 1)
    return [up, down, left, right]

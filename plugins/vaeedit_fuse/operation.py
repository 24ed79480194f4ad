"""`fuse`: activity of the latents says which picture counts where."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vaeedit.api import Frame, Grid, Inspect, Join, Latents, OptionError, Request, Result, mask_of, under
from vaeedit_fuse import FuseOptions
from vaeedit_fuse.align import aligned
from vaeedit_fuse.arrays import Map, resize_like
from vaeedit_fuse.auto import suited
from vaeedit_fuse.blend import Even, Masked
from vaeedit_fuse.detail import Exposure, Infrared
from vaeedit_fuse.focus import Focus
from vaeedit_fuse.grids import to_pixels
from vaeedit_fuse.rule import Rule
from vaeedit_fuse.weights import activity


class Fuse(Inspect[FuseOptions], Join[FuseOptions]):
    """Every level of the latents is joined by the weights of a mode's rule, and the rule makes the picture of it."""

    rule: Rule

    def __init__(self, request: Request[FuseOptions]) -> None:
        super().__init__(request)
        self.grids: dict[tuple[int, int], Grid] = {}
        self.found: dict[int, Tensor] = {}
        self.notes: dict[str, Any] = {}

    @property
    def wants_decoded(self) -> bool:
        """Where pixels are not copied: what the VAE loses is given back."""
        return not isinstance(self.rule, Focus)

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """The picture and the others, at its size, as the mode wants them."""
        first = replace(frames[0], alpha=None)
        others = self.request.extra_inputs["with"]
        pictures = [first, *(resize_like(other, first) for other in others)]
        mask = _mask(self.request.extra_inputs, first, len(pictures))
        mode: str = self.options.mode
        if mode == "auto":
            mode = "blend" if mask is not None or self.options.alpha is not None else suited(pictures)
            self.notes["mode"] = mode
        if mode != "blend" and mask is not None:
            raise OptionError(f"A mask is for the mode blend, not {mode}.")
        if self.options.align:
            pictures = aligned(pictures, mode)
        self.rule = self._rule(mode, pictures, mask)
        return self.rule.encoded()

    def _rule(self, mode: str, pictures: Sequence[Frame], mask: Map | None) -> Rule:
        if mask is not None:
            return Masked(pictures, mask)
        if mode == "blend":
            return Even(pictures, 0.5 if self.options.alpha is None else self.options.alpha)
        kinds: dict[str, type[Focus | Infrared | Exposure]] = {
            "focus": Focus,
            "infrared": Infrared,
            "exposure": Exposure,
        }
        return kinds[mode](pictures)

    def gather(self, index: int, latents: Latents) -> None:
        """Activity of every level, over whole pictures."""
        for rank, level in enumerate(latents.levels):
            self.grids.setdefault((index, rank), Grid()).add(level, activity(level.mean))

    def _weights(self, rank: int) -> Tensor:
        """Of every picture at a level, (K, 1, h, w)."""
        if rank not in self.found:
            count = 1 + max(index for index, _ in self.grids)
            maps = torch.cat([self.grids[index, rank].whole() for index in range(count)])
            self.found[rank] = self.rule.weights(rank, maps)
        return self.found[rank]

    def join(self, latents: Sequence[Latents]) -> Latents:
        """Level by level, as the rule joins them."""
        levels = [
            self.rule.joined([each.levels[rank] for each in latents], under(self._weights(rank), level))
            for rank, level in enumerate(latents[0].levels)
        ]
        return replace(latents[0], levels=tuple(levels))

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The rule's picture, with the first picture's alpha and metadata."""
        joined, *decoded = (frame.floats() for frame in frames)
        height, width = originals[0].height, originals[0].width
        ranks = sorted({rank for _, rank in self.grids})
        shares = [to_pixels(self._weights(rank), height, width) for rank in ranks]
        made = self.rule.finished(joined, decoded, shares)
        return Result(replace(originals[0], pixels=made.pixels), notes=self.notes)


def _mask(images: Mapping[str, Sequence[Frame]], first: Frame, pictures: int) -> Map | None:
    """Where the other picture goes, (H, W) from 0 to 1; raises OptionError for more than one mask or other picture."""
    masks = images.get("mask", ())
    if not masks:
        return None
    if len(masks) > 1 or pictures > 2:
        raise OptionError("A mask blends two pictures: give one mask and one other picture.")
    return mask_of(masks[0], first.height, first.width)

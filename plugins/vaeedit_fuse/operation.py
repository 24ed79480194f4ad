"""`fuse`: the activity of the latents decides how much each picture counts at each place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vaeedit.api import (
    Frame,
    Grid,
    Inspect,
    Join,
    Latents,
    OptionError,
    Request,
    Result,
    like,
    mask_of,
    under,
)
from vaeedit_fuse import FuseOptions
from vaeedit_fuse.agreement import LEAST, agreement
from vaeedit_fuse.align import aligned
from vaeedit_fuse.arrays import Map
from vaeedit_fuse.auto import suited
from vaeedit_fuse.blend import Even, Masked
from vaeedit_fuse.detail import Exposure, Infrared
from vaeedit_fuse.focus import Focus
from vaeedit_fuse.grids import to_pixels
from vaeedit_fuse.rule import Rule
from vaeedit_fuse.weights import activity


class Fuse(Inspect[FuseOptions], Join[FuseOptions]):
    """Joins every level of the latents by the weights of the mode's rule; the rule then makes the picture."""

    rule: Rule

    def __init__(self, request: Request[FuseOptions]) -> None:
        super().__init__(request)
        self.grids: dict[tuple[int, int], Grid] = {}
        self.weights: dict[int, Tensor] = {}
        self.notes: dict[str, Any] = {}
        self.warnings: tuple[str, ...] = ()

    @property
    def wants_decoded(self) -> bool:
        """True for all modes but focus, which copies pixels; the others restore what the VAE loses."""
        return not isinstance(self.rule, Focus)

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """The picture and the others, resized to it and prepared for the mode.

        Raises OptionError for a mask that does not fit the mode or the pictures.
        """
        first = replace(frames[0], alpha=None)
        others = self.request.extra_inputs["with"]
        pictures = [first, *(like(other, first) for other in others)]
        mask = _mask(self.request.extra_inputs, first, len(pictures))
        mode: str = self.options.mode
        if mode == "auto":
            mode = "blend" if mask is not None or self.options.alpha is not None else suited(pictures)
            self.notes["mode"] = mode
        if mode != "blend" and mask is not None:
            raise OptionError(f"A mask is for the mode blend, not {mode}.")
        if self.options.align:
            pictures = aligned(pictures, mode)
        if mode != "blend":  # a blend may mix what it likes
            self.warnings = tuple(_doubts(pictures, align=self.options.align))
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
        """Collect the activity of every level over whole pictures."""
        for rank, level in enumerate(latents.levels):
            self.grids.setdefault((index, rank), Grid()).add(level, activity(level.mean))

    def _weights(self, rank: int) -> Tensor:
        """Weights (K, 1, h, w) of the pictures at a level."""
        if rank not in self.weights:
            count = 1 + max(index for index, _ in self.grids)
            maps = torch.cat([self.grids[index, rank].whole() for index in range(count)])
            self.weights[rank] = self.rule.weights(rank, maps)
        return self.weights[rank]

    def join(self, latents: Sequence[Latents]) -> Latents:
        """Join the latents level by level with the rule."""
        levels = [
            self.rule.joined([each.levels[rank] for each in latents], under(self._weights(rank), level))
            for rank, level in enumerate(latents[0].levels)
        ]
        return replace(latents[0], levels=tuple(levels))

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The fused picture, with alpha and metadata of the first, and warnings; the note `mode` is the automatic choice."""
        joined, *decoded = (frame.floats() for frame in frames)
        height, width = originals[0].height, originals[0].width
        ranks = sorted({rank for _, rank in self.grids})
        shares = [to_pixels(self._weights(rank), height, width) for rank in ranks]
        made = self.rule.finished(joined, decoded, shares)
        return Result(replace(originals[0], pixels=made.pixels), notes=self.notes, warnings=self.warnings)


def _doubts(pictures: Sequence[Frame], *, align: bool) -> Iterator[str]:
    """A sentence for each picture that does not show what the first one shows."""
    cure = "leave it out" if align else "use --align if the camera moved, or leave it out"
    for number, other in enumerate(pictures[1:], 2):
        if agreement(pictures[0], other) < LEAST:
            yield f"picture {number} does not seem to show the same scene as the first, so look at the result; {cure}"


def _mask(images: Mapping[str, Sequence[Frame]], first: Frame, pictures: int) -> Map | None:
    """The mask of the other picture, (H, W) from 0 to 1; raises OptionError for several masks or other pictures."""
    masks = images.get("mask", ())
    if not masks:
        return None
    if len(masks) > 1 or pictures > 2:
        raise OptionError("A mask blends two pictures: give one mask and one other picture.")
    return mask_of(masks[0], first.height, first.width)

"""The latents of a move: between pictures, along directions, scaled, edited and sampled; and their pictures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from vaeedit.devices import autocast
from vaeedit.errors import VaeeditError
from vaeedit.image import Frame
from vaeedit.run.session import Session
from vaeedit.ui.explore.codes import NO_CLASS, Codes
from vaeedit.ui.explore.scene import MOST, Move
from vaeedit.ui.explore.steps import Steps
from vaeedit.vae.classes import label_of
from vaeedit.vae.edited import Edited, pictures
from vaeedit.vae.given import Labeled
from vaeedit.vae.latents import Gaussian, Latents
from vaeedit.vae.principal import Principal


def weights(count: int, x: float, y: float) -> list[float]:
    """The shares of pictures in the corners of a pad, left to right and then down, of a point (x, y) in it.

    Two pictures are left and right; of three, the last one is the whole lower edge.
    """
    match count:
        case 1:
            return [1.0]
        case 2:
            return [1 - x, x]
        case 3:
            return [(1 - x) * (1 - y), x * (1 - y), y]
    return [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y]


def between(corners: Sequence[Latents], shares: Sequence[float]) -> Latents:
    """Means, and logarithms of deviations, as weighted averages; the context is that of the nearest corner."""

    def averaged(levels: tuple[Gaussian, ...]) -> Gaussian:
        scales = [level.log_scale for level in levels]
        known = [scale for scale in scales if scale is not None]
        return replace(
            levels[0],
            mean=_average([level.mean for level in levels], shares),
            log_scale=_average(known, shares) if len(known) == len(levels) else None,
        )

    first = corners[nearest(shares)]
    return replace(first, levels=tuple(map(averaged, zip(*(one.levels for one in corners), strict=True))))


def nearest(shares: Sequence[float]) -> int:
    """The corner with the largest share; the first of several."""
    return max(range(len(shares)), key=lambda n: shares[n])


def _average(values: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    if len(values) == 1:
        return values[0]
    return torch.stack([share * value for share, value in zip(shares, values, strict=True)]).sum(0)


def stretched(latents: Latents, means: Sequence[float], deviations: Sequence[float]) -> Latents:
    """Means and deviations of each level, coarse to fine, times a factor; levels without a factor stay."""

    def one(rank: int, level: Gaussian) -> Gaussian:
        mean = level.mean * means[rank] if rank < len(means) else level.mean
        log_scale = level.log_scale
        if log_scale is not None and rank < len(deviations):
            log_scale = log_scale + torch.tensor(deviations[rank]).clamp_min(1e-12).log().to(log_scale)
        return replace(level, mean=mean, log_scale=log_scale)

    return replace(latents, levels=tuple(one(rank, level) for rank, level in enumerate(latents.levels)))


class Walk:
    """The pictures of one move in a scene."""

    def __init__(
        self, session: Session, codes: Codes, move: Move, principal: Callable[[], Principal]
    ) -> None:
        self.codes, self.move, self.principal = codes, move, principal
        self.shares = weights(len(codes.pictures) or MOST, move.x, move.y)
        self.label = self._label()
        self.picture = codes.pictures[nearest(self.shares)] if codes.pictures else None
        self.steps = self.picture and Steps.of(session, codes, self.picture, move.steps, move.seed)

    def _label(self) -> int:
        """The class of the move; that of the nearest picture, or any, where it names none. Raises UnknownName."""
        if self.move.label:
            return label_of(self.move.label, self.codes.vae.info.classes)
        return self.codes.pictures[nearest(self.shares)].label if self.codes.pictures else NO_CLASS

    def decoded(self) -> Iterator[Tensor]:
        """The pictures (1, C, H, W): one, or the samples side by side. Raises VaeeditError."""
        decoder = self.codes.decoder(self.label, self.move.guidance)
        for latents in self._starts():
            for dtype in dict.fromkeys([self.codes.precision, torch.float32]):
                with torch.inference_mode(), autocast(self.codes.vae.device, dtype):
                    shown = [
                        next(pictures(decoder, point, self._values())).mean.float() + self._lost()
                        for point in self._points(latents)
                    ]
                if all(bool(picture.isfinite().all()) for picture in shown):
                    break
            else:
                raise VaeeditError(
                    "These latents decode to values that are not finite numbers; move a control back."
                )
            yield from shown

    def _starts(self) -> list[Latents]:
        """Where the move begins: one point between the pictures or draws in the corners, or several draws."""
        codes, move = self.codes, self.move
        if codes.pictures:
            start = between([one.latents for one in codes.pictures], self.shares)
            if isinstance(codes.vae.network, Labeled):
                given = codes.network(self.label, move.guidance)
                start = replace(start, context=given.prior(1, codes.size).context)
            return [start]
        prior = codes.network(self.label, move.guidance).prior(1, codes.size)
        prior = stretched(prior, (), move.deviations)
        seeds = range(move.seed, move.seed + (move.samples or MOST))
        draws = [prior.sample(seed, move.temperature) for seed in seeds]
        return draws if move.samples else [between(draws, self.shares)]

    def _points(self, start: Latents) -> list[Edited]:
        """The points to decode: the mean, or samples around it."""
        move, codes = self.move, self.codes
        moved = self.principal().moved(start, move.along) if any(move.along) else start
        scaled = stretched(moved, move.means, move.deviations)
        edited = self.steps.edit(scaled) if self.steps else scaled
        if not (codes.pictures and move.samples and isinstance(edited, Latents)):
            return [edited]
        return [edited.sample(move.seed + n, move.temperature) for n in range(move.samples)]

    def _values(self) -> Tensor:
        """The nearest picture, which a refined edit is compared with; of draws, nothing."""
        if self.picture is None:
            return torch.zeros(1, self.codes.vae.network.channels, *self.codes.size)
        return self.picture.values.to(self.codes.vae.device)

    def _lost(self) -> Tensor | float:
        """What decoding loses of the pictures, in their shares, where it is to be added."""
        if not (self.move.details and self.codes.pictures):
            return 0.0
        return _average([one.lost for one in self.codes.pictures], self.shares)

    def warnings(self, shown: Frame) -> tuple[str, ...]:
        """What the operations say about what they made."""
        return self.steps.warnings(shown) if self.steps else ()

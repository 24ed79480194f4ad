"""The objectives of VAEs of clips, which are made of images on the fly (Moving MNIST)."""

from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor

from vaeedit.api import Draw, Losses, Objective
from vaeedit_variants.moving import moving
from vaeedit_variants.recurrent import Recurrent
from vaeedit_variants.sequence_options import ClipOptions, PathOptions

O = TypeVar("O", bound=ClipOptions)


@runtime_checkable
class Tracking(Recurrent, Protocol):
    """A VAE of clips that finds the paths of things."""

    def tracked(self, clip: Tensor) -> tuple[Draw, Tensor, Tensor]:
        """`draw_clip`, and the motions, in pixels, and places of each thing in each frame, both (N, T, 2)."""

    def path_losses(self, motions: Tensor, places: Tensor, given: int) -> tuple[Tensor, Tensor]:
        """Nats per path under the prior, and the error in pixels of places that are predicted after `given` frames."""


class _OfClips(Objective[O], Generic[O]):
    def clip(self, vae: Any, x: Tensor) -> Tensor:
        """As many clips (B, T, 1, H, W) as there are images x (B, 1, h, w); each image moves in several clips."""
        images = torch.stack([x[:, 0].roll(index, 0) for index in range(self.options.digits)], 1)
        return moving(images, self.options.frames, min(vae.frame_size))


def _parts(draw: Draw) -> dict[str, Tensor]:
    return {"distortion": -draw.log_likelihood.mean(), "rate": torch.stack(draw.kl).sum(0).mean()}


class ClipElbo(_OfClips[ClipOptions]):
    """Minimizes the negative ELBO of clips, in nats per clip."""

    needs = (Recurrent,)

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """The distortion and the rate."""
        return Losses(_parts(vae.draw_clip(self.clip(vae, x))))


class PathElbo(_OfClips[PathOptions]):
    """The same; and the prior of motions also learns from paths that were found in former steps.

    Finding paths takes nearly all the time, and the posterior of a motion hardly depends on the prior: so each path is used
    many times, for its likelihood and for the error of a prediction that goes on by itself.
    """

    needs = (Tracking,)

    def __init__(self, options: PathOptions) -> None:
        super().__init__(options)
        self.memory = torch.zeros(0, 2, options.frames, 2)

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """The distortion, the rate, and the losses of remembered paths."""
        draw, motions, places = vae.tracked(self.clip(vae, x))
        found = torch.stack([motions, places], 1)
        self.memory = torch.cat([found, self.memory.to(found)])[: self.options.memory]
        chosen = torch.randint(len(self.memory), (self.options.paths,), device=x.device)
        nats, error = vae.path_losses(*self.memory[chosen].unbind(1), self.options.given)
        return Losses({**_parts(draw), "paths": nats, "predicted": self.options.predicted * error})

"""An operation that is tried: everything that its checks share, so that it is loaded once and runs as rarely as possible."""

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from vaeedit.errors import ImageError
from vaeedit.extension.specs import OperationSpec, load_target
from vaeedit.extension.tables import Provided
from vaeedit.image import Frame
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.run.operation import Join, Result
from vaeedit.run.session import Session
from vaeedit.testing.networks import frame_for
from vaeedit.testing.samples import required_options, synthetic_frame
from vaeedit.testing.watch import Seen, watched
from vaeedit.tiling import round_up
from vaeedit.vae.protocol import VAE, FixedSize, SeesWhole

SIDE = 64
"""Pixels of an image that a tile at its border does not see."""


class Trial:
    """An operation, with the session of all checks of its plugin, and the name or file of the VAE that it is tried with."""

    def __init__(self, item: Provided[OperationSpec], session: Session, vae: str) -> None:
        self.spec, self.name, self.item, self.session = item.spec, item.qualified, item, session
        self.vae = vae if item.spec.uses_vae else ""

    @property
    def runs(self) -> bool:
        """Whether it can be run."""
        return bool(self.vae) or not self.spec.uses_vae

    @property
    def network(self) -> VAE | None:
        """The network that it runs on."""
        return self.session.vae(self.vae).network if self.vae else None

    def frame(self, kind: str) -> Frame:
        """The frame of this kind, a key of `FRAMES`, of a size and with channels that the VAE takes."""
        return frame_for(self.network, kind)

    def long_frame(self) -> tuple[Frame, int] | None:
        """A frame of float32, and the side of tiles that do not see all of it; None if its VAE sees whole images."""
        network = self.network
        if network is None or isinstance(network, (FixedSize, SeesWhole)):
            return None
        half = round_up(network.receptive_field + SIDE, network.multiple)
        frame = synthetic_frame((16, 2 * half, network.channels), np.uint8)
        return replace(frame, pixels=frame.floats()), half

    def further(self, frame: Frame, *, all: bool = False) -> dict[str, list[Frame]]:
        """A picture for each extra input that is needed, or for all of them.

        It is as large as `frame` where the operation joins, or its VAE takes one size only; else it is larger.
        """
        spec = self.spec
        names = spec.extra_inputs if all else spec.needs
        same = issubclass(load_target(spec.target), Join) or isinstance(self.network, FixedSize)
        more = (0, 0) if same else (5, 9)
        shape = (frame.height + more[0], frame.width + more[1], frame.channels)
        return {name: [synthetic_frame(shape, frame.pixels.dtype)] for name in names}

    def run(
        self,
        frame: Frame,
        *,
        seed: int = 0,
        times: int = 1,
        tile: int | None = None,
        maps: bool = False,
        inputs: dict[str, list[Frame]] | None = None,
        **options: Any,
    ) -> Result:
        """The result of so many steps in a row on a frame; `options` are beside the required ones."""
        given: dict[str, Any] = {**required_options(self.spec.options), **options}
        given |= self.further(frame) if inputs is None else inputs
        vae = self.vae or None
        step = Step(self.name, vae=vae, maps=tuple(self.spec.maps) if maps else (), **given)
        return self.session.run(Pipeline(*[step] * times, seed=seed), frame, tile=tile)

    @cached_property
    def small(self) -> Frame:
        """The frame "small", or `odd` if the operation refuses pictures of that size."""
        frame = self.frame("small")
        try:
            self.run(frame)
        except ImageError:
            return self.odd
        return frame

    @cached_property
    def odd(self) -> Frame:
        """The frame that `watched` runs on."""
        return self.frame("odd")

    @cached_property
    def watched(self) -> tuple[Result, Seen]:
        """What it returned for `odd`, and what it did besides; several checks look at it."""
        load_target(self.spec.target)
        frame = self.odd  # its VAE is loaded for that
        with watched() as seen:
            result = self.run(frame, seed=5, maps=True)
        return result, seen

"""`simplify`: a picture and what the VAE makes of it, mixed."""

from collections.abc import Sequence

from tiny_vae import SimplifyOptions
from vaeedit.api import Edit, Frame, Latents, Result


class Simplify(Edit[SimplifyOptions]):
    """x + amount (D(E(x)) - x): the difference is what the latents do not hold."""

    @property
    def is_identity(self) -> bool:
        """True for amount 0."""
        return self.options.amount == 0

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """The picture in floats, so that what is decoded is not rounded before it is compared."""
        return [frame.as_depth(32) for frame in frames]

    def edit(self, latents: Latents) -> Latents:
        """The means; the picture changes because the VAE is small."""
        return latents.mean()

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The mixture, in the depth of the original."""
        (decoded,), (original,) = frames, originals
        x = original.floats()
        lost = x - decoded.floats()
        return Result(
            original.with_floats(x - self.options.amount * lost),
            notes={"detail": round(float(lost.std()), 4)},  # its standard deviation, as a share of white
        )

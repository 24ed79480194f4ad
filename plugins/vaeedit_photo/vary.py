"""`vary`: a posterior sample, added as a change of the picture."""

from dataclasses import replace

from vaeedit.api import Edit, Latents, VaeeditError
from vaeedit_photo import VaryOptions


class Vary(Edit[VaryOptions]):
    """Draws one sample of every level; the noise does not depend on the tile size."""

    @property
    def is_identity(self) -> bool:
        """True for amount 0."""
        return self.options.amount == 0

    def edit(self, latents: Latents) -> Latents:
        """The latents with a sample as means; the posterior's deviation stays, for a following `vary`.

        `amount` is the temperature of the sample. Raises VaeeditError if latents are points.
        """
        if all(level.log_scale is None for level in latents.levels):
            raise VaeeditError("vary needs a VAE with a posterior; the latents of this one are points.")
        drawn = latents.sample(self.request.seed, self.options.amount)
        pairs = zip(latents.levels, drawn.levels, strict=True)
        return replace(latents, levels=tuple(replace(level, mean=each.mean) for level, each in pairs))

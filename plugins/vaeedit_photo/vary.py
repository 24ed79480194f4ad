"""`vary`: a posterior sample, as a change of the picture."""

from dataclasses import replace

from vaeedit.api import Edit, Latents, VaeeditError
from vaeedit_photo import VaryOptions


class Vary(Edit[VaryOptions]):
    """One draw of every level; the noise is the same for every tile size."""

    @property
    def is_identity(self) -> bool:
        """At amount 0."""
        return self.options.amount == 0

    def edit(self, latents: Latents) -> Latents:
        """Means at a sample of the asked temperature, with the posterior's spread for another `vary` after it.

        Raises VaeeditError where latents are points.
        """
        if all(level.log_scale is None for level in latents.levels):
            raise VaeeditError("vary needs a VAE with a posterior; the latents of this one are points.")
        drawn = latents.sample(self.request.seed, self.options.amount)
        pairs = zip(latents.levels, drawn.levels, strict=True)
        return replace(latents, levels=tuple(replace(level, mean=each.mean) for level, each in pairs))

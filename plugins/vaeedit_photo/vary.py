"""`vary`: a posterior sample, as a change of the picture."""

from vaeedit.api import Edit, Latents, VaeeditError
from vaeedit_photo import VaryOptions


class Vary(Edit[VaryOptions]):
    """One draw of every level; the noise is the same for every tile size."""

    @property
    def is_identity(self) -> bool:
        """At amount 0."""
        return self.options.amount == 0

    def edit(self, latents: Latents) -> Latents:
        """A sample at the asked temperature; raises VaeeditError where latents are points."""
        if all(level.log_scale is None for level in latents.levels):
            raise VaeeditError("vary needs a VAE with a posterior; the latents of this one are points.")
        return latents.sample(self.request.seed, self.options.amount)

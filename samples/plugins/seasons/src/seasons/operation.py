"""The work: the coarsest latents move along one direction, each place as far as it looks like green leaves."""

import json
from dataclasses import replace
from importlib.resources import files

from seasons import SeasonsOptions
from vaeedit.api import Edit, Latents, VaeeditError

LEARNED = json.loads(files("seasons").joinpath("direction.json").read_text())
"""For the channels of the coarsest level: `direction`, and `weights` and `bias` of the log odds of green leaves."""


class Seasons(Edit[SeasonsOptions]):
    """Summer to autumn."""

    @property
    def is_identity(self) -> bool:
        """True for amount 0."""
        return self.options.amount == 0

    def edit(self, latents: Latents) -> Latents:
        """Only the means move: a step that follows in a chain finds the deviations of the posterior as they were.

        Raises VaeeditError for a VAE with other latents.
        """
        coarsest, *finer = latents.levels
        z = coarsest.mean.float()  # (B, C, h, w)
        direction, weights = (z.new_tensor(LEARNED[name]) for name in ("direction", "weights"))
        if z.shape[1] != len(direction):
            raise VaeeditError("seasons was learned for the VAE photo; leave out --vae.")
        green = (z.mul(weights[:, None, None]).sum(1, keepdim=True) + LEARNED["bias"]).sigmoid()
        # squared: what may or may not be leaves, such as gray, stays almost as it is
        moved = z + self.options.amount * green**2 * direction[:, None, None]
        return replace(latents, levels=(replace(coarsest, mean=moved.to(coarsest.mean)), *finer))

"""The super-resolve operation on the latents of a conditional VAE."""

from collections.abc import Mapping

from vaeedit.api import Condition, Estimated
from vaeedit_restore.options import SuperResolveOptions
from vaeedit_restore.restoration import Restoration


class SuperResolve(Restoration[SuperResolveOptions]):
    """Estimates the large image: the MMSE estimate, or posterior samples."""

    @property
    def sampled(self) -> float:
        """The option `realism`."""
        return self.options.realism

    def conditions(self) -> Mapping[str, Condition]:
        """The factor, and the noise level of the small image."""
        noise = Estimated() if self.options.model == "photo" else 0.0
        return {"scale": float(self.options.scale), "sigma": noise}

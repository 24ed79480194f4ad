"""The super-resolve operation on the latents of a conditional VAE."""

from collections.abc import Mapping

from vaeedit.api import Condition, Estimated
from vaeedit_restore.options import SuperResolveOptions
from vaeedit_restore.restoration import Restoration


class SuperResolve(Restoration[SuperResolveOptions]):
    """The MMSE estimate of the large image, or samples of what it may have been."""

    def conditions(self) -> Mapping[str, Condition]:
        """The factor, and how much of the small image is noise."""
        noise = Estimated() if self.options.model == "photo" else 0.0
        return {"scale": float(self.options.scale), "sigma": noise}

"""The denoise operation on the latents of a conditional VAE."""

from collections.abc import Mapping

from vaeedit.api import Condition, Estimated
from vaeedit_restore.options import DenoiseOptions
from vaeedit_restore.restoration import Restoration


class Denoise(Restoration[DenoiseOptions]):
    """The MMSE estimate of the image without its noise, or samples of what it may have been."""

    @property
    def is_identity(self) -> bool:
        """Strength 0 changes nothing."""
        return self.options.strength == 0

    def conditions(self) -> Mapping[str, Condition]:
        """The noise level, given or estimated, times the strength."""
        sigma, strength = self.options.sigma, self.options.strength
        return {"sigma": Estimated(strength) if sigma == "auto" else sigma / 255 * strength}

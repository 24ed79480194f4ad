"""The denoise operation on the latents of a conditional VAE."""

from collections.abc import Mapping

from vaeedit.api import Condition, Estimated
from vaeedit_restore.options import DenoiseOptions
from vaeedit_restore.restoration import Restoration


class Denoise(Restoration[DenoiseOptions]):
    """Estimates the image without its noise: the MMSE estimate, or posterior samples."""

    @property
    def is_identity(self) -> bool:
        """True for strength 0."""
        return self.options.strength == 0

    def conditions(self) -> Mapping[str, Condition]:
        """The noise level, given or estimated, times the strength."""
        sigma, strength = self.options.sigma, self.options.strength
        return {"sigma": Estimated(strength) if sigma == "auto" else sigma / 255 * strength}

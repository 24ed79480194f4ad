"""The denoise operation on the latents of a conditional VAE."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from vaeedit.api import Condition, Estimated, Frame, Result
from vaeedit_restore.options import DenoiseOptions
from vaeedit_restore.restoration import Restoration
from vaeedit_restore.texture import textured


class Denoise(Restoration[DenoiseOptions]):
    """Estimates the image without its noise: the MMSE estimate or posterior samples, with the texture that is to stay."""

    @property
    def is_identity(self) -> bool:
        """True for strength 0, and where neither brightness nor color is denoised."""
        return self.options.strength == 0 or not (
            self.options.luma or self.options.chroma or self.options.realism
        )

    @property
    def wants_std(self) -> bool:
        """True also for detail and grain, which follow the predicted deviation."""
        textured = self.options.detail * self.options.luma or self.options.realism
        return super().wants_std or bool(textured and not self.is_identity)

    def conditions(self) -> Mapping[str, Condition]:
        """The noise level, given or estimated, times the strength."""
        sigma, strength = self.options.sigma, self.options.strength
        return {"sigma": Estimated(strength) if sigma == "auto" else sigma / 255 * strength}

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The image with its texture, the map of the uncertainty, and notes."""
        result, options = super().after(frames, originals), self.options
        left = options.detail or options.realism or options.luma < 1 or options.chroma < 1
        if self.is_identity or not left:
            return result
        return replace(result, frame=textured(result.frame, originals[0], options, self.request.seed))

"""Feature extractors that the user names: a trained classifier, or any TorchScript file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vaeedit.api import MODEL, FixedSize, Session, UsageError, WeightsError, require_regular
from vaeedit_variants.classifier import Classifier

TORCHSCRIPT = {".pt", ".ts", ".torchscript"}
"""Extensions of TorchScript files."""


@dataclass(frozen=True)
class Features:
    """Features (B, F) of images (B, C, H, W) in [0, 1] and, where the extractor is a classifier, logits of these."""

    name: str
    embed: Callable[[Tensor], Tensor]
    logits: Callable[[Tensor], Tensor] | None = None
    takes: tuple[int, ...] | None = None
    """The shape (C, H, W) of the images, if only images of that shape are accepted."""

    @property
    def note(self) -> str:
        """The words that are printed beside every figure of these features."""
        return f"features of {self.name}, not Inception"

    def of(self, x: Tensor) -> Tensor:
        """The features (B, F) of images (B, C, H, W), in float64; raises UsageError for images that it cannot take."""
        if self.takes not in (None, tuple(x.shape[1:])):
            raise UsageError(
                f"{self.name} takes images of the shape {self.takes} (channels, height, width), and these have "
                f"{tuple(x.shape[1:])}; name other features."
            )
        try:
            features = self.embed(x)
        except RuntimeError as error:
            raise UsageError(
                f"{self.name} cannot take images of the shape {tuple(x.shape)}: {error}"
            ) from None
        if not isinstance(features, Tensor) or features.shape[:-1] != x.shape[:1]:
            raise UsageError(f"{self.name} must return a tensor (images, features).")
        return features.double()


def load_features(session: Session, name: str, *, trust: bool = False) -> Features:
    """The extractor of `--features`: a trained classifier by name or file, or a TorchScript file.

    TorchScript is a program: with `trust` it runs. Raises UsageError without it, or for a network that is no classifier,
    and UnknownName or WeightsError.
    """
    path = Path(name)
    if path.suffix in TORCHSCRIPT:
        return _script(path, session.device, trust=trust)
    loaded = session.vae(name)
    network: Any = loaded.network
    if not isinstance(network, Classifier):
        raise UsageError(
            f"{name} is no classifier; name one, such as mnist-classifier, or a TorchScript file."
        )
    size = network.size if isinstance(network, FixedSize) else None
    return Features(loaded.info.name, network.embed, network.logits, size and (network.channels, *size))


def _script(path: Path, device: torch.device, *, trust: bool) -> Features:
    if not path.is_file():
        raise UsageError(f"There is no file {path} with features.")
    if not trust:
        raise UsageError(
            f"{path} is TorchScript, a program that can do what you can do; use --trust if you know who made it."
        )
    require_regular(path, MODEL, WeightsError)
    try:
        module = torch.jit.load(str(path), map_location=device)  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise WeightsError(f"{path} is no readable TorchScript file: {reason}") from None
    return Features(path.stem, module.eval())

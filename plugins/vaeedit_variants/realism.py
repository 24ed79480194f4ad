"""How real generated images look to a feature extractor: FID, Inception Score, precision and recall, recognized labels."""

import warnings
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from vaeedit.api import MissingExtra
from vaeedit_variants.features import Features
from vaeedit_variants.precision_recall import precision_and_recall


def realism(
    features: Features, real: Iterable[Tensor], generated: Iterable[tuple[Tensor, Tensor | None]]
) -> dict[str, float]:
    """Figures of generated images (B, C, H, W) in [0, 1], with the labels (B,) that they are of or None, beside real ones.

    `fid` (Heusel et al. 2017), `precision` and `recall`; of a classifier, also `inception_score` (Salimans et al. 2016, the
    mean of 10 parts) and, where there are labels, `label_accuracy`, the share that it recognizes. Raises MissingExtra,
    ValueError for too few images, and UsageError for images that the extractor does not take.
    """
    with torch.inference_mode():
        truth = torch.cat([features.of(x) for x in real])
        found, labels = [], []
        for x, label in generated:
            found.append(features.of(x))
            labels.append(label)
        fakes = torch.cat(found)
        precision, recall = precision_and_recall(truth, fakes)
        figures = {"fid": frechet_distance(truth, fakes)}
        if features.logits is not None:
            logits = torch.cat([features.logits(part.float()) for part in found])
            figures["inception_score"] = inception_score(logits)
        figures |= {"precision": precision, "recall": recall}
        if features.logits is not None and labels[0] is not None:
            wanted = torch.cat([label for label in labels if label is not None])
            figures["label_accuracy"] = (logits.argmax(1) == wanted).double().mean().item()
    return {name: round(value, 4) for name, value in figures.items()}


def frechet_distance(real: Tensor, generated: Tensor) -> float:
    """|m - n|^2 + tr(S + T - 2 (S T)^(1/2)) of the means and covariances of features (N, F) and (M, F)."""
    metric = metrics().image.fid.FrechetInceptionDistance(_Given(real.shape[1]))
    metric.update(real, real=True)
    metric.update(generated, real=False)
    return float(metric.compute())


def inception_score(logits: Tensor) -> float:
    """exp(E[KL(p(y | x) || p(y))]) of logits (N, classes): the mean of 10 parts, at random by torch's global generator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about memory
        metric = metrics().image.inception.InceptionScore(_Given(logits.shape[1]))
    metric.update(logits)
    return float(metric.compute()[0])


class _Given(nn.Module):
    """In the place of a network, for features that are computed already."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.num_features = count

    def forward(self, features: Tensor) -> Tensor:
        """The features as they are."""
        return features


def metrics() -> Any:
    """The library torchmetrics; raises MissingExtra."""
    try:
        import torchmetrics.image.fid
        import torchmetrics.image.inception
    except ImportError:
        raise MissingExtra("FID", "measure") from None
    return torchmetrics

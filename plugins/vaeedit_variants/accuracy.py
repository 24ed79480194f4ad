"""`vaeedit evaluate classifier`: how often a classifier is right on labeled images."""

from typing import Any

import torch

from vaeedit.api import Session, UsageError, console, rows_command
from vaeedit_variants.features import load_features
from vaeedit_variants.images import PARAMETERS, Images


def figures(session: Session, vae: str, **chosen: Any) -> list[dict[str, Any]]:
    """One row: the share of the `Images` that are chosen whose label has the largest probability."""
    images = Images(**{"binarize": False, "seed": 0, **chosen})
    features = load_features(session, vae)
    if features.logits is None:
        raise UsageError(f"{vae} has features, and no classes.")
    right = count = 0
    with session.autocast(), torch.inference_mode():
        for x, labels in images.batches(session.vae(vae), labels=True):
            found = features.logits(features.of(x).float()).argmax(1)
            right, count = right + int((found == labels).sum()), count + len(labels)
            console.progress(f"{count} images")
    if not count:
        raise UsageError(f"There is no readable image in {images.data}.")
    accuracy = round(right / count, 4)
    protocol = f"{images.split} images, gray values"
    return [{"protocol": protocol, "classifier": features.name, "images": count, "accuracy": accuracy}]


classifier = rows_command(
    figures,
    [parameter for parameter in PARAMETERS if parameter.name in {"data", "split", "limit"}],
    vae="mnist-classifier",
    noun="classifier",
    epilog="Example: vaeedit evaluate classifier mnist/ --split test",
)

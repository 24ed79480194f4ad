"""Learning of the judge from normal pictures and copies of them with synthetic defects.

Every picture is whitened by a texture of the *other* folds, and so are its damaged copies (cross-fitting): a training picture
deviates as an unseen one does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vaeedit_anomaly.defects import KINDS as REPAIRED
from vaeedit_anomaly.defects import Spoiled
from vaeedit_anomaly.jets import GRID, jets
from vaeedit_anomaly.judge import Judge
from vaeedit_anomaly.marks import marks
from vaeedit_anomaly.places import Map
from vaeedit_anomaly.texture import Texture, stored

KINDS = (
    *((REPAIRED[name][0], share) for name, share in (("patches", 0.4), ("textures", 0.2), ("noise", 0.15))),
    (marks, 0.25),
)
"""Kinds of defects that the judge learns, and their shares of the copies."""
FOLDS = 5
COPIES = 4
"""Largest number of damaged copies of a picture."""
STEPS = 2000
"""Largest number of steps."""
WIDTH = 24
"""Channels of the judge."""
BATCH = (6, 2)
"""Damaged and undamaged pictures in a step."""
CHUNK = 16
"""Pictures that are whitened at once."""
RATE = 2e-3
"""Largest rate of AdamW."""
LABELED = (0.1, 0.4)
"""Mean label of a place from which the judge says that it is a defect with a probability above 0, and with 1."""

Done = Callable[[int], float]
"""The share of the work that is done after a number of copies or steps, by time or by number; 1 ends it."""


@dataclass(frozen=True)
class Copies:
    """Damaged copies of pictures."""

    descriptions: Map
    """float16 (N, GRID, GRID, channels)."""
    labels: Map
    """Mean labels of places, float16 (N, GRID, GRID) in [0, 1]."""
    sources: np.ndarray
    """The number of the picture that each is a copy of, (N,)."""


def damaged(pictures: Sequence[Tensor], copies: int, seed: int, done: Done) -> Copies:
    """Up to `copies` damaged copies of each picture (1, C, H, W) in [0, 1], in rounds over all; at least one round."""
    random, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    kinds, shares = zip(*KINDS, strict=True)
    descriptions, labels = [], []
    for number in range(copies * len(pictures)):
        if number >= len(pictures) and done(number) >= 1:
            break
        x = pictures[number % len(pictures)]
        donor = pictures[int(random.integers(len(pictures)))]
        kind = kinds[random.choice(len(kinds), p=np.array(shares))]
        spoiled, label = _spoiled(kind, x, donor, generator)
        descriptions.append(jets(spoiled).astype(np.float16))
        labels.append(cv2.resize(label, (GRID, GRID), interpolation=cv2.INTER_AREA).astype(np.float16))
    return Copies(np.stack(descriptions), np.stack(labels), np.arange(len(labels)) % len(pictures))


def _spoiled(
    kind: Callable[[Tensor, Tensor, torch.Generator], Spoiled],
    x: Tensor,
    donor: Tensor,
    generator: torch.Generator,
) -> tuple[Tensor, Map]:
    if donor.shape != x.shape:
        donor = F.interpolate(donor, size=x.shape[2:], mode="bilinear", antialias=True, align_corners=False)
    spoiled, label = kind(x, donor, generator)
    return spoiled, np.asarray(label[0, 0].numpy(), np.float32)


def cross_fitted(normals: Map, copies: Copies, new: Callable[[], Texture]) -> tuple[Tensor, Tensor]:
    """Deviations, float16 (N, channels, GRID, GRID), of normal pictures and of copies, each by a texture of other folds.

    `normals` are the `jets` (N, GRID, GRID, channels) of the pictures that were copied; `new` makes an empty texture.
    """
    fold = np.arange(len(normals)) % min(FOLDS, len(normals))
    clean = torch.empty((len(normals), normals.shape[-1], GRID, GRID), dtype=torch.float16)
    spoiled = torch.empty((len(copies.labels), *clean.shape[1:]), dtype=torch.float16)
    for number in range(fold.max() + 1):
        texture = new()
        texture.fill(normals[fold != number])
        for found, descriptions, mine in (
            (clean, normals, fold == number),
            (spoiled, copies.descriptions, fold[copies.sources] == number),
        ):
            for part in torch.split(torch.from_numpy(np.flatnonzero(mine)), CHUNK):
                found[part] = texture.deviations(descriptions[part.numpy()]).half()
    return clean, spoiled


def learn(judge: Judge, clean: Tensor, spoiled: Tensor, labels: Map, seed: int, done: Done) -> int:
    """Train a judge on deviations of normal and of damaged pictures until `done` says 1; the number of steps.

    The loss is the cross-entropy of places; the rate warms up, stays, and falls to zero over the second half.
    """
    random = np.random.default_rng(seed)
    truths = torch.from_numpy(
        ((labels.astype(np.float32) - LABELED[0]) / (LABELED[1] - LABELED[0])).clip(0, 1)
    )
    optimizer = torch.optim.AdamW(judge.parameters(), RATE, weight_decay=1e-2)
    step = 0
    while (share := done(step)) < 1:
        optimizer.param_groups[0]["lr"] = RATE * min(1.0, (step + 1) / 50) * min(1.0, 2 * (1 - share) + 0.02)
        some, others = (
            random.integers(len(x), size=count) for x, count in zip((spoiled, clean), BATCH, strict=True)
        )
        truth = torch.cat([truths[some], torch.zeros(BATCH[1], GRID, GRID)])
        said = judge(torch.cat([spoiled[some], clean[others]]).float())[:, 0]
        loss = F.binary_cross_entropy_with_logits(said, truth)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        step += 1
    judge.load_state_dict({name: stored(weights) for name, weights in judge.state_dict().items()})
    return step

"""Maps: the posterior means of many images as points of a plane."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from vaeedit.api import LoadedVae, MissingExtra, UsageError, name_of
from vaeedit_show.codes import encode, given, opened
from vaeedit_show.defaults import MAPPED
from vaeedit_show.seen import NONE, Data, Seen, seen, source_of
from vaeedit_show.style import COLORS, MARKERS, figure, tidied

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BATCH = 100
MOST = 40
"""Most classes that have colors, unless colors are demanded."""
Method = Literal["pca", "umap"]
Points = NDArray[np.float64]
"""(N, 2)."""


def latent_map(
    vae: LoadedVae | str,
    data: Data,
    *,
    method: Method = "pca",
    color_by_label: bool | None = None,
    level: int | None = None,
    images: int = MAPPED,
    split: str = "test",
    seed: int = 0,
) -> "Figure":
    """A matplotlib figure of the posterior means of the first images of a split, by principal components or UMAP.

    Points are colored by label where there are labels; `color_by_label` demands or forbids it. `level` (1 is the coarsest)
    takes the latents of one level instead of all. Raises UsageError, ImageError or MissingExtra.
    """
    loaded, source = opened(vae), source_of(data)
    if color_by_label:
        source.require_labels(split)
    drawn = figure(6.4, 4.8)
    codes, labels = _codes(loaded, islice(seen(loaded, source, split), images), level)
    axes = drawn.add_subplot()
    points, names = _placed(codes, method, seed)
    known = bool(source.classes) and bool((labels != NONE).all())
    if known and (len(source.classes) <= MOST if color_by_label is None else color_by_label):
        _classes(axes, points, labels, source.classes)
        columns = -(-len(source.classes) // 20)
        drawn.legend(
            loc="outside right center", frameon=False, markerscale=2.5, handletextpad=0.1, ncols=columns
        )
    else:
        axes.scatter(points[:, 0], points[:, 1], s=6, color=COLORS[0], alpha=0.7, linewidths=0)
    axes.set(xlabel=names[0], ylabel=names[1], aspect="equal", adjustable="datalim")
    what = "Posterior means" if level is None else f"Posterior means of level {level}"
    axes.set_title(f"{what} of {len(points):,} images ({split})", fontsize=11)
    tidied(axes)
    return drawn


def _codes(vae: LoadedVae, images: Iterator[Seen], level: int | None) -> tuple[Points, NDArray[np.int64]]:
    """Posterior means (N, D) and labels (N,)."""
    rows, labels = [], []
    while group := list(islice(images, BATCH)):
        if len({one.pixels.shape for one in group}) > 1:
            raise UsageError("The images have several sizes; a map needs images of one size.")
        network = given(vae, *(one.label for one in group))
        levels = encode(network, torch.cat([one.x for one in group]).to(vae.device)).levels
        if level is not None and not 1 <= level <= len(levels):
            raise UsageError(
                f"There is no level {level}; this VAE has {len(levels)}, of which 1 is the coarsest."
            )
        taken = levels if level is None else levels[level - 1 : level]
        rows.append(torch.cat([one.mean.flatten(1).float() for one in taken], 1).cpu())
        labels += [one.label for one in group]
    if len(labels) < 3:
        raise UsageError(f"A map needs at least 3 images, and there are {len(labels)}.")
    return torch.cat(rows).double().numpy(), np.array(labels)


def _placed(codes: Points, method: Method, seed: int) -> tuple[Points, list[str]]:
    """Points of the plane, and names of its axes."""
    if method == "umap":
        try:
            from umap import UMAP
        except ImportError:
            raise MissingExtra("A map by UMAP", "umap") from None
        return np.asarray(UMAP(random_state=seed, n_jobs=1).fit_transform(codes), np.float64), [
            "UMAP 1",
            "UMAP 2",
        ]
    from sklearn.decomposition import PCA

    if codes.shape[1] < 2:
        return np.c_[codes, np.random.default_rng(seed).normal(size=len(codes))], ["the only latent", "noise"]
    fitted = PCA(2, random_state=seed).fit(codes)
    shares = fitted.explained_variance_ratio_
    order = ("first", "second")
    return fitted.transform(codes), [
        f"{which} principal component ({share:.0%} of the variance)"
        for which, share in zip(order, shares, strict=True)
    ]


def _classes(axes: "Axes", points: Points, labels: NDArray[np.int64], names: tuple[str, ...]) -> None:
    """The points of each class in a color and a shape of its own, with its name in the middle of them."""
    from matplotlib.patheffects import withStroke

    for label in np.unique(labels):
        chosen = labels == label
        axes.scatter(
            points[chosen, 0],
            points[chosen, 1],
            s=9,
            color=COLORS[label % len(COLORS)],
            marker=MARKERS[label // len(COLORS) % len(MARKERS)],
            alpha=0.75,
            linewidths=0,
            label=name_of(int(label), names),
        )
    for label in np.unique(labels):
        x, y = np.median(points[labels == label], 0)
        text = axes.text(x, y, name_of(int(label), names), ha="center", va="center", weight="bold")
        text.set_path_effects([withStroke(linewidth=3, foreground="white")])

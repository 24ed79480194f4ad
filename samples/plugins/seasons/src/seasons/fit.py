"""How direction.json was made: python -m seasons.fit SUMMER AUTUMN > direction.json

SUMMER and AUTUMN are folders of photographs. A linear discriminant (Fisher 1936) tells their latents apart. It says
how much each place of a picture looks like the leaves of its season, and the direction leads from the mean of the one
kind of leaves to that of the other. A second discriminant tells green leaves from everything else: the sky of both
seasons, too.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from vaeedit.api import Latents, Session, image_files, read, resized

SIDE = 480
"""Longest side in pixels at which pictures are encoded."""
PLACES = 1500
"""Places of each picture, drawn at random."""


def places(folder: Path, session: Session) -> Tensor:
    """Latents (N, C) of the coarsest level at places of all pictures in a folder."""
    found: list[Tensor] = []

    def see(latents: Latents) -> None:
        points = latents.levels[0].mean[0].flatten(1).T.double()
        found.append(points[torch.randperm(len(points))[:PLACES]])

    for path in image_files([folder]):
        frame = read(path)
        factor = SIDE / max(frame.height, frame.width)
        size = round(frame.height * factor), round(frame.width * factor)
        small = replace(frame.as_depth(32), pixels=resized(frame.floats(), *size).clip(0, 1), alpha=None)
        session.vae("photo").visit(small, see, precision=torch.float32)
    return torch.cat(found)


def mean(points: Tensor, share: Tensor) -> Tensor:
    """The mean (C,) of points (N, C), each counted by its share (N,)."""
    return share @ points / share.sum()


def discriminant(points: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (C,) and bias of the log odds of a group, to which points (N, C) belong by their share (N,)."""
    inside, outside = mean(points, share), mean(points, 1 - share)
    one, other = points - inside, points - outside
    covariance = (one.T * share @ one + other.T * (1 - share) @ other) / len(points)
    weights = torch.linalg.solve(covariance, inside - outside)
    return weights, -weights @ (inside + outside) / 2


def main(summer: str, autumn: str) -> None:
    """Print the file."""
    torch.manual_seed(0)
    session = Session(device="cpu", precision="float32")
    groups = [places(Path(folder), session) for folder in (summer, autumn)]
    points = torch.cat(groups)
    is_summer = torch.cat([torch.full((len(group),), 1.0 - n).double() for n, group in enumerate(groups)])
    weights, bias = discriminant(points, is_summer)
    green = (points @ weights + bias).sigmoid()
    direction = mean(points, (1 - is_summer) * (1 - green)) - mean(points, is_summer * green)
    weights, bias = discriminant(points, is_summer * green)
    learned = {"direction": direction, "weights": weights, "bias": bias}
    rounded = {name: [round(x, 4) for x in t.view(-1).tolist()] for name, t in learned.items()}
    print(json.dumps({**rounded, "bias": rounded["bias"][0]}))


if __name__ == "__main__":
    main(*sys.argv[1:])

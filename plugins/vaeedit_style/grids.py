"""Levels of one picture at sizes that belong together, and neighborhoods on them."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import avg_pool2d, pad


def levelled(levels: Sequence[Tensor]) -> list[Tensor]:
    """Levels, coarse to fine, each cut or continued to twice the size of the one before: odd sizes end in between."""
    height, width = levels[0].shape[2:]
    found = []
    for rank, level in enumerate(levels):
        rows, columns = height << rank, width << rank
        right, bottom = max(0, columns - level.shape[3]), max(0, rows - level.shape[2])
        found.append(pad(level, (0, right, 0, bottom), mode="replicate")[..., :rows, :columns])
    return found


def local_mean(values: Tensor, side: int) -> Tensor:
    """Over squares of an odd side; the border goes on. Cut there, 5 % of the pixels of a styled picture change visibly."""
    return avg_pool2d(pad(values, (side // 2,) * 4, mode="replicate"), side, 1)

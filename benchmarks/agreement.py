"""How often `fuse` warns: of the real pairs of DATA/test, and of pictures of one set with those of another.

python benchmarks/agreement.py DATA/test
"""

import sys
from pathlib import Path

from fuse import FOLDERS
from vaeedit import Frame, read
from vaeedit.api import like
from vaeedit_fuse.agreement import LEAST, agreement
from vaeedit_fuse.evaluation import MODES, picture_sets


def warned(pairs: list[tuple[Frame, Frame]]) -> int:
    return sum(agreement(first, like(other, first)) < LEAST for first, other in pairs)


def main(data: str) -> None:
    print(
        f"agreement below {LEAST}: a warning\n\n| mode | real pairs | warned | shuffled pairs | not warned |"
    )
    print("|---|---|---|---|---|")
    for mode in MODES:
        sets = [[read(path) for path in one.paths] for one in picture_sets(Path(data) / FOLDERS[mode], mode)]
        real = [(pictures[0], other) for pictures in sets for other in pictures[1:]]
        shuffled = [(a[0], b[-1]) for a in sets for b in sets if a is not b]
        print(
            f"| {mode} | {len(real)} | {warned(real)} | {len(shuffled)} | {len(shuffled) - warned(shuffled)} |"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])

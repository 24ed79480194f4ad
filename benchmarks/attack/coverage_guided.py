"""Pictures that a coverage-guided fuzzer makes up: what vaeedit.image, Pillow's and tifffile's Python parts do leads it.

Needs `atheris`; without it nothing is attacked, and the program says so. A failure is any exception that is not a
VaeeditError, or a hang; the fuzzer then ends with its own code and leaves the file that did it in the current folder.
"""

import argparse
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

ABSENT = 77
"""Exit code where there is no atheris: what test programs say for skipped."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    try:
        import atheris
    except ImportError:
        print("coverage_guided: atheris is not installed, so nothing was attacked; pip install atheris.")
        sys.exit(ABSENT)
    with atheris.instrument_imports(include=["vaeedit.image", "PIL", "tifffile"]):
        import PIL.Image
        import tifffile  # noqa: F401

        import vaeedit.image.decode as decode
    from reading import pool

    from vaeedit.errors import VaeeditError

    PIL.Image.init()

    def one(data: bytes) -> None:
        with suppress(VaeeditError):
            decode.read_bytes(data, "fuzzed")

    with tempfile.TemporaryDirectory() as corpus:
        for index, data in enumerate(data for files in pool() for data in files):
            (Path(corpus) / str(index)).write_bytes(data)
        limits = [
            f"-max_total_time={asked.seconds}",
            f"-seed={asked.seed + 1}",
            "-timeout=5",
            "-rss_limit_mb=2048",
        ]
        atheris.Setup([sys.argv[0], *limits, "-max_len=65536", corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()

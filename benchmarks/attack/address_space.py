"""Small edits under `ulimit -v`, from half a gigabyte to eight: threads, libraries and pictures that find no room.

Each trial edits a picture of random size with a random limit on the address space of the process, and a random number of
threads; one in six with a worker process. It must be done, or end with exit code 1 and one sentence. It is a failure if
the sentence calls it unexpected, if anything looks like a traceback, if the process dies, or if a part or half of
an output is left.
"""

import os
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from harness import main
from PIL import Image

SMALLEST, LARGEST = 512 << 20, 8 << 30
TIGHT = 1300 << 20, 1800 << 20


def trial(rng: random.Random) -> str:
    tight = rng.random() < 0.6  # where the libraries just fit
    limit = rng.randrange(*TIGHT) if tight else round(SMALLEST * (LARGEST / SMALLEST) ** rng.random())
    size = rng.choice([(64, 96), (400, 600), (1000, 1400)])
    flags = ["--threads", str(rng.choice([1, 2, 8]))] if rng.random() < 0.5 else []
    flags += ["--time-limit", "500s"] if rng.random() < 1 / 6 else []
    suffix = rng.choice([".png", ".jpg", ".tif", ".webp", ".avif"])
    with tempfile.TemporaryDirectory() as folder:
        pixels = np.random.default_rng(rng.randrange(100)).integers(0, 256, (*size, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(Path(folder, "in.png"))
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "vaeedit",
                "denoise",
                "in.png",
                "-o",
                f"out{suffix}",
                "--sigma",
                "9",
                *flags,
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=600,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
            env={name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"},
        )
        case = f"{limit >> 20} MB, {size}, {flags}, {suffix}: {done.returncode}: {done.stderr[-400:]}"
        assert "Traceback" not in done.stderr, case
        assert "unexpected" not in done.stderr, case
        names = {path.name for path in Path(folder).iterdir()}
        if done.returncode == 0:
            assert names == {"in.png", f"out{suffix}"}, case
            with Image.open(Path(folder, f"out{suffix}")) as image:
                assert image.size == size[::-1], case
            return "done"
        errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        assert done.returncode == 1, case
        assert len(errors) == 1, case
        assert names == {"in.png"}, case
        return "refused at the start" if "ulimit -v" in done.stderr else "a sentence"


if __name__ == "__main__":
    main("address_space", trial, trials=200, hang=700)

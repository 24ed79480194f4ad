"""Training data of very many files: how fast they are listed and how much memory a pass takes.

python benchmarks/many_files.py [FILES]

Makes a tree of small pictures in 1000 folders, opens it as a data source in a process of its own, and reads images in
random order.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

READ = """
import resource, sys, time
from pathlib import Path
import numpy as np
from vaeedit.training.sources.find import open_source

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

before, started = peak(), time.perf_counter()
source = open_source(Path(sys.argv[1]))
split = source.split("train")
examples = split.examples(np.random.default_rng(0))
next(examples).load()
seconds = time.perf_counter() - started
print(f"{split.count:,} files, {len(source.classes):,} classes: the first image after {seconds:.1f} s")
print(f"memory: {before:.0f} MB before, {peak():.0f} MB with the list of files")
for count in (2000, 4000, 8000):
    for _, example in zip(range(count), examples):
        example.load()
    print(f"{peak():.0f} MB after {count:,} more images")
"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as root:
        data = b""
        for number in range(count):
            folder = Path(root, f"n{number % 1000:08}")
            if number < 1000:
                folder.mkdir()
                Image.new("RGB", (64, 64), (number % 256, 0, 0)).save(folder / "first.png")
                data = (folder / "first.png").read_bytes()
                (folder / "first.png").unlink()
            descriptor = os.open(f"{folder}/{folder.name}_{number:08}.png", os.O_CREAT | os.O_WRONLY)
            os.write(descriptor, data)
            os.close(descriptor)
        subprocess.run([sys.executable, "-c", READ, root], check=True)


if __name__ == "__main__":
    main()

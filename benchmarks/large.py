"""Memory on a large photograph: `vaeedit denoise` on a JPEG of 100 megapixels, with its peak memory.

python benchmarks/large.py [MEGAPIXELS]
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLE = Path(__file__).parent.parent / "samples" / "images" / "box-iso1600.jpg"


def main() -> None:
    megapixels = float(sys.argv[1]) if len(sys.argv) > 1 else 100.0
    side = round((megapixels * 1e6) ** 0.5)
    script = str(Path(sys.executable).with_name("vaeedit"))
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "large.jpg", Path(folder) / "out.jpg"
        tile = np.asarray(Image.open(SAMPLE))
        repeats = (-(-side // tile.shape[0]), -(-side // tile.shape[1]), 1)
        Image.fromarray(np.tile(tile, repeats)[:side, :side]).save(source, quality=92)
        del tile
        started = time.perf_counter()
        subprocess.run([script, "denoise", str(source), "-o", str(target)], check=True)
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        size = Image.open(target).size
    print(
        f"{size[0]} x {size[1]} = {size[0] * size[1] / 1e6:.0f} MP: {seconds:.0f} s, peak memory {peak / 1e9:.2f} GB"
    )


if __name__ == "__main__":
    main()

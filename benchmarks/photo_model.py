"""`super-resolve --model photo` beside `bicubic` on clean, compressed and noisy small pictures.

python benchmarks/photo_model.py CBSD68 [--every 9] [--scale 2]

Of every n-th picture 192x192 pixels from row and column 64 are downscaled by MATLAB's bicubic, rounded to 8 bits and then
degraded: saved as JPEG by Pillow, or with Gaussian noise in units of 1/255 (NumPy seed 0), rounded. PSNR is on Y, as in
`vaeedit evaluate super-resolve`.
"""

import argparse
import io
from pathlib import Path
from statistics import fmean

import numpy as np
from PIL import Image

from vaeedit import Frame, Session, Step, read
from vaeedit.evaluation.metrics import psnr
from vaeedit.image import image_files
from vaeedit_restore.tasks import Enlarging

INSIDE = slice(64, 64 + 192)


def compressed(pixels: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def noisy(pixels: np.ndarray, sigma: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, sigma, pixels.shape)
    return np.rint(pixels + noise).clip(0, 255).astype(np.uint8)


CASES = {
    "clean": lambda x: x,
    "JPEG 85": lambda x: compressed(x, 85),
    "JPEG 50": lambda x: compressed(x, 50),
    "noise 5": lambda x: noisy(x, 5),
    "noise 10": lambda x: noisy(x, 10),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=9)
    parser.add_argument("--scale", type=int, default=2)
    arguments = parser.parse_args()
    task = Enlarging(arguments.scale)
    references = [
        task.reference(Frame(np.ascontiguousarray(read(path).as_uint8()[INSIDE, INSIDE])))
        for path in image_files([arguments.folder])[:: arguments.every]
    ]
    print(f"| {len(references)} pictures, x{arguments.scale} | photo, dB | bicubic, dB | estimated noise |")
    print("|---|---|---|---|")
    with Session(device="cpu", precision="float32") as session:
        for name, degrade in CASES.items():
            found, noises = {"photo": [], "bicubic": []}, []
            for reference in references:
                small = Frame(degrade(task.observed(reference).pixels))
                for model, values in found.items():
                    result = session.run(Step("super-resolve", scale=arguments.scale, model=model), small)
                    pair = (task.compared(x.pixels) for x in (reference, result.frame))
                    values.append(psnr(*pair))
                    noises += [result.notes["super-resolve"]["estimated_sigma"]] if model == "photo" else []
            cells = " | ".join(f"{fmean(values):.2f}" for values in found.values())
            print(f"| {name} | {cells} | {fmean(noises):.1f} |", flush=True)


if __name__ == "__main__":
    main()

"""Denoising in a wide color space, by how a result returns from sRGB: what becomes of the colors that sRGB cannot hold.

python benchmarks/wide_gamut.py CBSD68 [--pictures 5]

The upper left 256x256 pixels of the first pictures are taken for values of Display P3 or ProPhoto, so that many colors are
beyond sRGB; they get Gaussian noise of 15/255 in that space (NumPy seed 0), 16 bits, and are denoised with sigma 15. RMS
errors are of the colors beyond sRGB alone (a way to sRGB and back moves the clean color by more than 1/255), in 1/255: of
pixels, and of means over 15x15 pixels. PSNR is of all pixels. Everything is measured in the picture's own space.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from vaeedit import Frame, Session, Step, read
from vaeedit.evaluation.metrics import psnr
from vaeedit.image import Metadata, image_files, returned, working
from vaeedit.image.profile import space_of, srgb

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "image"))
import profiles

SPACES = {
    "Display P3": profiles.rgb(profiles.P3, *profiles.SRGB_CURVE),
    "ProPhoto": profiles.rgb(profiles.PROPHOTO, 1.8),
}
SIDE, SIGMA = 256, 15


def results(session: Session, noisy: Frame) -> dict[str, np.ndarray]:
    """Float values in the space of the noisy picture by each way."""
    step = Step("denoise", vae="denoise", sigma=SIGMA, detail=0)
    space, work = space_of(noisy.metadata.icc, 3), working(noisy)
    result = session.run(step, work).frame
    edited = srgb().to(space, result.floats())
    return {
        "nothing": noisy.floats(),
        "the profile ignored": session.run(step, Frame(noisy.pixels)).frame.floats(),
        "clipped to sRGB": edited,
        "all of the difference": edited + noisy.floats() - srgb().to(space, work.floats()),
        "a difference that fades": returned(result, work, noisy).floats(),
        "**vaeedit**, in the picture's space": session.run(step, noisy).frame.floats(),
    }


def errors(clean: np.ndarray, found: np.ndarray, beyond: np.ndarray) -> list[float]:
    """Squared errors of pixels and of means beyond sRGB, and PSNR."""
    error = 255 * (found.clip(0, 1) - clean)
    means = cv2.blur(error, (15, 15))
    return [
        *(float(np.square(each[beyond]).mean()) for each in (error, means)),
        psnr(255 * clean, 255 * found.clip(0, 1)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=5)
    arguments = parser.parse_args()
    print("| space | denoised | pixels | means of 15x15 | PSNR, dB |\n|---|---|---|---|---|")
    with Session(device="cpu", precision="float32") as session:
        for name, icc in SPACES.items():
            space, found = space_of(icc, 3), {}
            for path in image_files([arguments.folder])[: arguments.pictures]:
                clean = read(path).floats()[:SIDE, :SIDE]
                beyond = np.abs(clean - srgb().to(space, space.to(srgb(), clean))).max(2) > 1 / 255
                noise = np.random.default_rng(0).normal(0, SIGMA / 255, clean.shape)
                values = np.rint((clean + noise).clip(0, 1) * 65535).astype(np.uint16)
                for way, made in results(session, Frame(values, metadata=Metadata(icc=icc))).items():
                    found.setdefault(way, []).append(errors(clean, made, beyond))
            for way, rows in found.items():
                pixels, means, quality = np.mean(rows, axis=0)
                print(
                    f"| {name} | {way} | {pixels**0.5:.1f} | {means**0.5:.1f} | {quality:.2f} |", flush=True
                )


if __name__ == "__main__":
    main()

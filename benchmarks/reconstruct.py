"""The photo VAE beside a tiny autoencoder and its own linear part: fidelity at every rate, and speed, in one run.

vaeedit models convert DATA/foreign-vae/taef2 -o taef2.safetensors
python benchmarks/reconstruct.py DATA/test/cbsd68 --peer taef2.safetensors     (nothing else should be running)

Values: numbers of the latents by number of the picture. Linear: the same number of principal components alone.
"""

import argparse
import time
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from torch.nn.functional import pad

from vaeedit import Frame, Session, Step, read
from vaeedit.evaluation.metrics import psnr
from vaeedit.image import image_files

SIDE = 1024


def linear(session: Session, frame: Frame, channels: int) -> Frame:
    """The first principal components of a picture, without the network."""
    ladder = session.vae("photo").network.linear
    x = torch.from_numpy(frame.floats()).permute(2, 0, 1)[None]
    height, width = x.shape[2:]
    rest = pad(x, (0, -width % 8, 0, -height % 8), mode="reflect") - 0.5
    image, left = torch.zeros_like(rest), channels
    for level in reversed(range(len(ladder.strides))):
        z = ladder.code(level, rest)
        whole = ladder.image(level, z)
        z[:, max(left, 0) :] = 0
        image, rest, left = image + ladder.image(level, z), rest - whole, left - z.shape[1]
    return frame.with_floats((image + 0.5)[0, :, :height, :width].permute(1, 2, 0).numpy())


def fidelity(paths: list[Path], session: Session, channels: int, vae: str) -> tuple[float, float]:
    """Mean PSNR of the reconstruction, and of the linear part of the photo VAE (nan for another VAE)."""
    found, floors = [], []
    for path in paths:
        frame = read(path)
        truth = frame.pixels.astype(np.float64)
        out = session.run(Step("reconstruct", vae=vae, channels=channels), frame).frame
        found.append(psnr(truth, out.pixels.astype(np.float64)))
        if vae == "photo":
            floors.append(psnr(truth, linear(session, frame, channels).pixels.astype(np.float64)))
    return fmean(found), fmean(floors or [float("nan")])


@torch.inference_mode()
def seconds_per_megapixel(session: Session, vae: str, layout: torch.memory_format) -> float:
    """Encode and decode alone, the best of four."""
    network = session.vae(vae).network.to(memory_format=layout)
    x = torch.rand(1, 3, SIDE, SIDE).contiguous(memory_format=layout)
    reduced = session.settings.precision != "float32"
    times = []
    for _ in range(4):
        started = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=reduced):
            network.decode(network.encode(x, {}).mean())
        times.append(time.perf_counter() - started)
    return min(times) / SIDE**2 * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peer", help="VAE file of another autoencoder.")
    args = parser.parse_args()
    paths = image_files([args.folder])
    vaes = ["photo", *([args.peer] if args.peer else [])]
    cost: dict[str, dict[str, float]] = {}
    published: dict[str, float] = {}
    for precision in ("float32", "bfloat16"):
        with Session(device="cpu", precision=precision) as session:
            cost[precision] = {vae: seconds_per_megapixel(session, vae, torch.channels_last) for vae in vaes}
            if args.peer:
                published[precision] = seconds_per_megapixel(session, args.peer, torch.contiguous_format)
    print(
        f"{len(paths)} pictures; seconds: encode and decode of {SIDE} x {SIDE}, {torch.get_num_threads()} threads"
    )
    print("| VAE | values | PSNR, dB | linear, dB | s/MP float32 | bfloat16 |\n|---|---|---|---|---|---|")
    with Session(device="cpu", precision="float32") as session:
        for vae, channels, values in rates(session, args.peer):
            quality, floor = fidelity(paths, session, channels, vae)
            seconds = " | ".join(f"{cost[precision][vae]:.2f}" for precision in cost)
            print(
                f"| {Path(vae).stem} | 1/{1 / values:.3g} | {quality:.2f} | {floor:.2f} | {seconds} |",
                flush=True,
            )
    if args.peer:
        for layout, theirs in (
            ("our layout (channels_last)", {name: each[args.peer] for name, each in cost.items()}),
            ("PyTorch's default one", published),
        ):
            ratios = ", ".join(f"{theirs[name] / cost[name]['photo']:.1f} in {name}" for name in cost)
            print(f"photo is faster than the peer in {layout} by a factor of {ratios}")


def rates(session: Session, peer: str | None) -> list[tuple[str, int, float]]:
    """(VAE, channels, share of values) of every row."""
    network = session.vae("photo").network
    found = []
    for channels in network.nested:
        left, values = channels, 0.0
        for level in reversed(range(len(network.linear.strides))):
            count = min(max(left, 0), network.linear.analysis[level].out_channels)
            values += count / network.linear.strides[level] ** 2
            left -= count
        found.append(("photo", channels, values / network.channels))
    if peer:
        latents = session.vae(peer).network.encode(torch.zeros(1, 3, 64, 64), {})
        found.append((peer, 0, sum(level.mean.numel() for level in latents.levels) / (3 * 64 * 64)))
    return found


if __name__ == "__main__":
    main()

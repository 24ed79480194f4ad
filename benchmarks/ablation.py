"""What the centered ladder is worth: three ways to train the same network for the same number of steps.

python benchmarks/ablation.py DATA [--steps 2000] [--patch 64] [--every 4]

DATA holds train/, test/cbsd68 and, for LPIPS, metrics/lpips-squeeze. The trunk alone; the textbook form, one decoder
shared by posterior samples and prior mean, with the hybrid objective; the centered ladder. Same seed, crops and optimizer.
"""

import argparse
import tempfile
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import msgspec

from vaeedit import Session
from vaeedit.evaluation.lpips import Lpips
from vaeedit.evaluation.measure import evaluate
from vaeedit.extension.registry import GROUP, Registry, discover, registry
from vaeedit.image import image_files
from vaeedit.training.recipe import Recipe, load_recipe
from vaeedit.training.run import Budget, Run
from vaeedit.training.train import train
from vaeedit_restore.tasks import Denoising

COLUMNS = ("psnr", "mse_ratio", "lpips", "sample_lpips", "kl_nats_per_pixel", "coverage_90")


def variants(patch: int) -> dict[str, Recipe]:
    ours = load_recipe("denoise", registry())
    ours = msgspec.structs.replace(ours, data=msgspec.structs.replace(ours.data, patch=(patch,)))

    def changed(**changes: object) -> Recipe:
        return msgspec.structs.replace(ours, **changes)

    without = {**ours.objective, "elbo": 0.0}
    return {
        "trunk alone": changed(objective=without),
        "shared decoder, hybrid objective": changed(architecture="shared-decoder"),
        "centered ladder": ours,
    }


def all_plugins() -> Registry:
    return discover([*entry_points(group=GROUP), EntryPoint("shared-decoder", "shared_decoder", GROUP)])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--patch", type=int, default=64, help="side of the training crops")
    parser.add_argument("--every", type=int, default=4, help="use every n-th picture of CBSD68")
    parser.add_argument("--sigma", type=float, nargs="+", default=[25.0, 50.0])
    arguments = parser.parse_args()
    registry, lpips = all_plugins(), Lpips(arguments.data / "metrics" / "lpips-squeeze")
    print(f"| {arguments.steps} steps of {arguments.patch} px | sigma | " + " | ".join(COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 2) + "|", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        pictures = Path(scratch) / "pictures"
        pictures.mkdir()
        for path in image_files([arguments.data / "test" / "cbsd68"])[:: arguments.every]:
            (pictures / path.name).symlink_to(path.resolve())
        for number, (name, recipe) in enumerate(variants(arguments.patch).items()):
            weights = Path(scratch) / f"{number}.safetensors"
            run = Run(
                arguments.data / "train",
                Path(scratch) / f"run{number}",
                Budget(steps=arguments.steps),
            )
            train(recipe, run, weights, registry)
            samples = 0 if name == "trunk alone" else 1
            with Session(device="cpu", precision="float32", plugins=registry) as session:
                for sigma in arguments.sigma:
                    row = evaluate(
                        session, pictures, Denoising(sigma), vae=str(weights), samples=samples, lpips=lpips
                    )
                    cells = " | ".join(str(row.get(column, "")) for column in COLUMNS)
                    print(f"| {name} | {sigma:g} | {cells} |", flush=True)


if __name__ == "__main__":
    main()

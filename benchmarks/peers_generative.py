"""A plain VAE of MNIST by `vaeedit train` and by pythae 0.1.2, of the same network in the same time.

pip install --no-deps pythae==0.1.2 && pip install cloudpickle imageio pydantic scipy tqdm
python benchmarks/peers_generative.py MNIST [--minutes 5] [--threads 2]

Two networks: the one that pythae makes by default (fully connected, 512 units, here with 50 latents), and the convolutional
one of the recipe mnist-plain. Both programs train each from weights of their own, with batches of 128 and new binary values
in every epoch; pythae has Adam at 1e-3, halved on plateaus, as in its examples. Both are judged by the ELBO of the 10,000
test images, binarized once, with one posterior sample each.
"""

import argparse
import contextlib
import logging
import os
import tempfile
import time
from pathlib import Path

import msgspec
import torch

os.environ["TQDM_DISABLE"] = "1"  # before pythae loads tqdm
from pythae.data.datasets import BaseDataset, DatasetOutput
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.trainers.training_callbacks import TrainingCallback
from torch import Tensor, nn

from vaeedit.api import LIKELIHOODS, Draw, Gaussian, sampled
from vaeedit.extension.registry import registry
from vaeedit.training.recipe import Recipe, load_recipe
from vaeedit.training.run import Budget, Run
from vaeedit.training.sources.find import open_source
from vaeedit.training.train import train
from vaeedit.vae.build import build
from vaeedit.vae.files import load_vae
from vaeedit_variants.judged import judge

DENSE = {"layers": "dense", "widths": [512], "latents": 50, "likelihood": "bernoulli"}


class Digits(BaseDataset):
    """Binary images, drawn anew at every access."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> DatasetOutput:
        return DatasetOutput(data=torch.bernoulli(self.images[index]))


class OurEncoder(BaseEncoder):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> ModelOutput:
        mean, log_scale = self.network(x).chunk(2, 1)
        return ModelOutput(embedding=mean, log_covariance=2 * log_scale)


class OurDecoder(BaseDecoder):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, z: Tensor) -> ModelOutput:
        return ModelOutput(reconstruction=self.network(z)[..., :28, :28].sigmoid())


class Judged:
    """A VAE of pythae, as `judge` takes it."""

    def __init__(self, vae: VAE) -> None:
        self.vae = vae

    def features(self, x: Tensor) -> Gaussian:
        known = self.vae.encoder(x)
        return Gaussian(known.embedding[..., None, None], 0.5 * known.log_covariance[..., None, None])

    def draw(self, x: Tensor, features: Gaussian) -> Draw:
        z, kl, ratio = sampled(features)
        probability = self.vae.decoder(z.flatten(1))["reconstruction"].view_as(x)
        known = LIKELIHOODS["bernoulli"](probability.clamp(1e-6, 1 - 1e-6).logit())
        return Draw(known.log_prob(x).flatten(1).sum(1), (kl,), ratio, known, (features.mean,))


class TimeIsUp(Exception):
    """The end of a training of pythae."""


class Clock(TrainingCallback):
    def __init__(self, seconds: float) -> None:
        self.end, self.epochs = time.perf_counter() + seconds, 0

    def on_epoch_end(self, training_config: BaseTrainerConfig, **_: object) -> None:
        self.epochs += 1
        if time.perf_counter() > self.end:
            raise TimeIsUp


def by_pythae(vae: VAE, images: Tensor, seconds: float) -> tuple[Judged, float]:
    """The VAE with the lowest training loss, and the epochs."""
    clock = Clock(seconds)
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder, num_epochs=10_000, learning_rate=1e-3, per_device_train_batch_size=128,
            optimizer_cls="Adam", scheduler_cls="ReduceLROnPlateau", scheduler_params={"patience": 5, "factor": 0.5},
        )  # fmt: skip
        trainer = BaseTrainer(vae, Digits(images), training_config=config, callbacks=[clock])
        with contextlib.suppress(TimeIsUp):
            trainer.train()
    return Judged(trainer._best_model), clock.epochs


def by_vaeedit(recipe: Recipe, data: Path, minutes: float) -> tuple[nn.Module, float, float]:
    """The VAE, the epochs, and the seconds from the first line of the program to the last."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "vae.safetensors")
        info = train(recipe, Run(data, Path(folder, "run"), Budget(60 * minutes)), output, registry())
        seconds = time.perf_counter() - started
        return load_vae(output, registry())[0], info.training["steps"] * 128 / 60_000, seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    logging.disable(logging.INFO)
    source = open_source(arguments.data)
    images, test = (torch.tensor(source.split(n).images).float() / 255 for n in ("train", "test"))
    test = torch.bernoulli(test, generator=torch.Generator().manual_seed(0))
    recipe = load_recipe("mnist-plain", registry())
    settings = VAEConfig(input_dim=(1, 28, 28), latent_dim=50, reconstruction_loss="bce")
    rows = []
    for name in ("fully connected, 512 units", "convolutional"):
        if name == "convolutional":
            network = build(recipe.architecture, recipe.config, registry())
            peer = VAE(settings, OurEncoder(network.encoder), OurDecoder(network.decoder))
        else:
            recipe = msgspec.structs.replace(recipe, config=DENSE)
            peer = VAE(settings)
        weights = sum(weight.numel() for weight in peer.parameters())
        vae, epochs, seconds = by_vaeedit(recipe, arguments.data, arguments.minutes)
        assert sum(weight.numel() for weight in vae.parameters()) == weights
        judged, other = by_pythae(peer, images, seconds)
        for program, network, count in (("vaeedit", vae, epochs), ("pythae", judged, other)):
            torch.manual_seed(0)
            elbo = judge((network, x) for x in test.split(100))["elbo"]
            rows.append(
                f"{name}, {weights} weights  {program}  {count:.1f} epochs in {seconds:.0f} s  ELBO {elbo:.2f} nats"
            )
            print(rows[-1], flush=True)
        recipe = load_recipe("mnist-plain", registry())


if __name__ == "__main__":
    main()

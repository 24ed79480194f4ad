"""Frozen with its package: a linear VAE."""

import json

import torch
from torch import nn
from torch.nn import functional as F

from vaeedit.api import Decoded, ElboTerms, FolderVae, Gaussian, Latents


class Flat(nn.Module):
    """Satisfies `TrainableVAE` and `StartsFromData`."""

    channels = 3
    multiple = 2
    conditions = ()
    receptive_field = 1

    def __init__(self, config):
        super().__init__()
        self.encoder = nn.Conv2d(12, config.width, 1)
        self.decoder = nn.Conv2d(config.width, 12, 1)

    def start_from(self, x):
        nn.init.constant_(self.decoder.bias, float(x.mean()))

    def encode(self, x, conditions):
        mean = self.encoder(F.pixel_unshuffle(x, 2))
        return Latents((Gaussian(mean, torch.full_like(mean, -2.0)),))

    def decode(self, latents, *, std=False):
        image = F.pixel_shuffle(self.decoder(latents.levels[0].mean), 2)
        return Decoded(image, torch.full_like(image, 0.1) if std else None)

    def elbo_terms(self, latents, x):
        image = self.decode(latents.sample(0)).mean
        log_scale = torch.full_like(image, -3.0)
        (level,) = latents.levels
        kl = 0.5 * (level.mean**2 + (2 * level.log_scale).exp() - 1) - level.log_scale
        return ElboTerms(image, log_scale, image, log_scale, (kl.sum((1, 2, 3)).mean(),))


def detect(shapes):
    """The config of a file with tensors of these shapes."""
    weight = shapes.get("encoder.weight")
    return {"width": weight[0]} if weight is not None and tuple(weight[1:]) == (12, 1, 1) else None


def find(folder):
    """The VAE in a folder with an acme.json."""
    path = folder / "acme.json"
    if not path.is_file():
        return None
    config = json.loads(path.read_text())

    def tensors():
        return Flat(type("Config", (), config)).state_dict()

    return FolderVae(name="acme", config=config, folder=folder, tensors=tensors, summary="Of a folder.")


def fetch(text):
    """The folder of acme:TEXT."""
    from pathlib import Path

    return Path(text)


class Judge(nn.Module):
    """A network that is no VAE: it can be trained and stored, and edits no picture."""

    channels = 3

    def __init__(self, config):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(self.channels))

    def forward(self, x):
        return (x.mean((2, 3)) * self.weight).sum(1)

"""Fills the memory and the texture of a trained network, from normal images that it has learned from."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
import torch

from vaeedit.api import Session, load_vae, registry, save_vae
from vaeedit_anomaly.calibrate import See, inspector_of
from vaeedit_anomaly.memory import Memory
from vaeedit_anomaly.places import Map
from vaeedit_anomaly.sizes import Preparation
from vaeedit_anomaly.texture import Texture, jets

SEEN = 300
"""Images from which the memory and the texture are learned."""
FEATURES = 60_000
"""Features from which the representatives are chosen."""
MEMORY = (1024, 48)
"""Number of representatives, and of principal components of each."""


@torch.inference_mode()
def remember(
    paths: Iterable[Path], how: Preparation, draft: Path, seed: int, *, most: int = SEEN, device: str = "auto"
) -> int:
    """Fill memory and texture of the network in the file `draft` from at most `most` images; returns their number."""
    with Session(precision="float32", device=device) as session:
        see = inspector_of(session, draft, how)
        features, textures = _features(see, paths, FEATURES // most)
    network, info = load_vae(draft, registry())
    assert isinstance(network, torch.nn.Module)
    memory = network.get_submodule("memory")
    assert isinstance(memory, Memory)
    memory.fill(features, *MEMORY, seed)
    texture = network.get_submodule("texture")
    assert isinstance(texture, Texture)
    texture.fill(textures)
    size, components = memory.kept.shape
    config = {**info.config, "memory": size, "components": components, "texture": len(texture.basis)}
    save_vae(draft, network, msgspec.structs.replace(info, config=config))
    return len(textures)


def _features(see: See, paths: Iterable[Path], each: int) -> tuple[torch.Tensor, list[Map]]:
    """Features (N, channels) at up to `each` random places of every image, and the jets of every image."""
    generator = torch.Generator().manual_seed(0)
    parts, textures = [], []
    for path in paths:
        maps = see(path)
        if maps is not None:
            flat = maps["features"][0].flatten(1).T.cpu()
            parts.append(flat[torch.randperm(len(flat), generator=generator)[: max(each, 1)]])
            textures.append(jets(maps["observed"]))
    return torch.cat(parts), textures

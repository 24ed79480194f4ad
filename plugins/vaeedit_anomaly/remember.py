"""Fills the memory of a trained network, from normal images that it has learned from."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import torch

from vaeedit.api import Session, load_vae, registry, save_vae
from vaeedit_anomaly.calibrate import See, inspector_of
from vaeedit_anomaly.memory import Memory
from vaeedit_anomaly.sizes import Preparation

SEEN = 300
"""Images from which memory, texture and judge are learned."""
FEATURES = 60_000
"""Features from which the representatives are chosen."""
MEMORY = (1024, 48)
"""Number of representatives, and of principal components of each."""


@torch.inference_mode()
def remember(
    paths: Iterable[Path], how: Preparation, draft: Path, seed: int, *, most: int = SEEN, device: str = "auto"
) -> int:
    """Fill the memory of the network in the file `draft` from at most `most` images; returns their number."""
    with Session(precision="float32", device=device) as session:
        see = inspector_of(session, draft, how)
        parts = list(_features(see, paths, FEATURES // most))
    network, info = load_vae(draft, registry())
    assert isinstance(network, torch.nn.Module)
    memory = network.get_submodule("memory")
    assert isinstance(memory, Memory)
    memory.fill(torch.cat(parts), *MEMORY, seed)
    size, components = memory.kept.shape
    config = {**info.config, "memory": size, "components": components}
    save_vae(draft, network, msgspec.structs.replace(info, config=config))
    return len(parts)


def _features(see: See, paths: Iterable[Path], each: int) -> Iterator[torch.Tensor]:
    """Features (N, channels) at up to `each` random places of every image."""
    generator = torch.Generator().manual_seed(0)
    for path in paths:
        maps = see(path)
        if maps is not None:
            flat = maps["features"][0].flatten(1).T.cpu()
            yield flat[torch.randperm(len(flat), generator=generator)[: max(each, 1)]]

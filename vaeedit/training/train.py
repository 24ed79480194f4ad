"""From a recipe and a folder of images to a VAE file with its model card."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from vaeedit.errors import MissingExtra, UnknownName, UsageError
from vaeedit.extension.registry import Registry
from vaeedit.options import as_dict
from vaeedit.training.objective import objective_of
from vaeedit.training.recipe import Recipe
from vaeedit.training.run import Run
from vaeedit.vae.card import write_card
from vaeedit.vae.files import VaeInfo, build, find_vae, load_vae, read_info, save_vae
from vaeedit.vae.protocol import VAE


def train(
    recipe: Recipe,
    run: Run,
    output: Path,
    registry: Registry,
    *,
    start: str | None = None,
    fresh: Sequence[str] = (),
) -> VaeInfo:
    """Train, and write `output` (safetensors) and a card beside it.

    `start` names a VAE whose weights training starts from, but for the parts of the network named in `fresh`. Raises
    MissingExtra, UsageError, OptionError or UnknownName.
    """
    try:
        from vaeedit.training.fit import fit
    except ImportError as error:
        if (error.name or "").partition(".")[0] in {"pytorch_lightning", "lightning"}:
            raise MissingExtra("Training", "train") from None
        raise
    run.check()
    objective = objective_of(recipe, registry)
    torch.manual_seed(recipe.seed)
    network = build(recipe.architecture, recipe.config, registry)
    before: dict[str, Any] = _before(output) if run.resume else {}
    if start is not None:
        before = _copy_weights(find_vae(start, registry), network, registry, fresh)
    assert isinstance(network, torch.nn.Module)
    run.folder.mkdir(parents=True, exist_ok=True)
    summary = fit(recipe, objective, network, run, untrained=start is None)
    info = VaeInfo(
        name=recipe.name,
        architecture=recipe.architecture,
        config=recipe.config,
        summary=recipe.summary,
        license=recipe.license,
        recipe=as_dict(recipe),
        training={**summary, **before},
    )
    save_vae(output, network, info)
    write_card(output, info)
    return info


def _before(output: Path) -> dict[str, Any]:
    """What the file of a run that is resumed says of the training before that run."""
    if not output.is_file():
        return {}
    found = read_info(output).training.get("before")
    return {} if found is None else {"before": found}


def _refuse_unknown(parts: Sequence[str], network: torch.nn.Module) -> None:
    known = [name for name, _ in network.named_children()]
    for part in parts:
        if part not in known:
            raise UnknownName("part of the network", part, known)


def _copy_weights(path: Path, network: VAE, registry: Registry, fresh: Sequence[str]) -> dict[str, Any]:
    """Start from a trained VAE of the same shape; returns how that one was trained, recipe included."""
    trained, info = load_vae(path, registry)
    assert isinstance(network, torch.nn.Module) and isinstance(trained, torch.nn.Module)  # noqa: PT018
    try:
        kept = {key: value for key, value in trained.state_dict().items() if key.split(".")[0] not in fresh}
        _refuse_unknown(fresh, network)
        network.load_state_dict({**network.state_dict(), **kept})
    except RuntimeError:
        raise UsageError(f"The VAE {path} has another shape than the recipe's.") from None
    return {"before": {**info.training, "recipe": info.recipe}}

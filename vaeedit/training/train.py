"""`train` makes a VAE file and its model card from a recipe and images."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from vaeedit.errors import MissingExtra, UnknownName, UsageError, caution
from vaeedit.extension.prints import prints_to_stderr
from vaeedit.extension.registry import Registry
from vaeedit.options import as_dict, validate
from vaeedit.training.objective import objective_of, require_trainable
from vaeedit.training.recipe import Recipe
from vaeedit.training.run import Run
from vaeedit.training.sources.find import open_source
from vaeedit.vae.build import build
from vaeedit.vae.card import write_card
from vaeedit.vae.files import VaeInfo, find_vae, load_vae, read_info, save_vae
from vaeedit.vae.protocol import Network


def train(
    recipe: Recipe,
    run: Run,
    output: Path,
    registry: Registry,
    *,
    start: str | None = None,
    fresh: Sequence[str] = (),
) -> VaeInfo:
    """Train, and write `output` (safetensors) and a model card beside it.

    `start` is the name or file of a VAE whose weights training starts from, except the parts of the network that `fresh`
    lists. Raises MissingExtra, UsageError, OptionError or UnknownName.
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
    require_trainable(objective, network, recipe)
    earlier: dict[str, Any] = _earlier(output) if run.resume else {}
    if start is not None:
        trained = _copy_weights(find_vae(start, registry), network, registry, fresh)
        earlier = {"before": {**trained.training, "recipe": trained.recipe}}
        if fresh:
            earlier["fresh"] = list(fresh)
        else:
            caution(_another_config(trained, recipe, registry))
    assert isinstance(network, torch.nn.Module)
    run.folder.mkdir(parents=True, exist_ok=True)
    source = open_source(run.data)
    with prints_to_stderr():
        summary = fit(recipe, objective, network, source, run, untrained=start is None)
    info = VaeInfo(
        name=recipe.name,
        architecture=recipe.architecture,
        config=recipe.config,
        summary=recipe.summary,
        license=recipe.license,
        recipe=as_dict(recipe),
        training={**summary, **earlier},
        classes=source.classes if hasattr(network, "classes") else (),
    )
    save_vae(output, network, info)
    write_card(output, info)
    return info


def _earlier(output: Path) -> dict[str, Any]:
    """The training before a run that is resumed, as the header of its file describes it."""
    training = read_info(output).training if output.is_file() else {}
    return {key: training[key] for key in ("before", "fresh") if key in training}


def _copy_weights(path: Path, network: Network, registry: Registry, fresh: Sequence[str]) -> VaeInfo:
    """Copy the weights of a trained VAE, except for the parts `fresh` of either network; returns its description."""
    trained, info = load_vae(path, registry)
    assert isinstance(network, torch.nn.Module) and isinstance(trained, torch.nn.Module)  # noqa: PT018
    parts = sorted({name for one in (network, trained) for name, _ in one.named_modules() if name})
    for part in fresh:
        if part not in parts:
            raise UnknownName("part of the network", part, parts)
    left_out = tuple(f"{part}." for part in fresh)
    kept = {key: value for key, value in trained.state_dict().items() if not f"{key}.".startswith(left_out)}
    try:
        network.load_state_dict({**network.state_dict(), **kept})
    except RuntimeError:
        raise UsageError(
            f"The VAE {path} has another config than the recipe; start from a VAE with the recipe's config, or name "
            "the parts in which they differ (--fresh)."
        ) from None
    return info


def _another_config(trained: VaeInfo, recipe: Recipe, registry: Registry) -> Iterator[str]:
    """A warning where weights that fit were trained with another config than the recipe's."""
    if trained.architecture != recipe.architecture:
        return
    options = registry.architectures.find(recipe.architecture).spec.options
    before, now = (as_dict(validate(options, config)) for config in (trained.config, recipe.config))
    changed = [f"{name} was {before[name]} and is {now[name]}" for name in now if now[name] != before[name]]
    if changed:
        yield f"The weights were trained with another config: {'; '.join(changed)}. Training begins far from them."

"""The batches of a run: its data source, cut into crops or as whole images, and the images held out from it."""

from typing import Any

from vaeedit.errors import OptionError
from vaeedit.training.data import Batch, CropBatches
from vaeedit.training.held_out import hold_out, measured
from vaeedit.training.objective import Objective
from vaeedit.training.recipe import Recipe
from vaeedit.training.run import Run
from vaeedit.training.sources.source import Source, Split
from vaeedit.training.whole import WholeBatches
from vaeedit.vae.draws import Generative
from vaeedit.vae.given import Labeled
from vaeedit.vae.protocol import VAE, Network


def batches_of(
    recipe: Recipe, objective: Objective[Any], network: Network, source: Source, run: Run, seed: int
) -> tuple[CropBatches | WholeBatches, list[Batch]]:
    """Batches to train on, and batches of one held-out image each to measure on.

    Raises UsageError, OptionError or ImageError for data that cannot be used.
    """
    split: Split = source.split("train")
    _require_labels(source, objective, network)
    kept_out: Split | None = None
    if run.held_out:
        split, kept_out = hold_out(split, run.held_out)
    if recipe.data.whole:
        # the `draw` of a generative VAE takes any size
        multiple = network.multiple if isinstance(network, VAE) and Generative not in objective.needs else 1
        batches: CropBatches | WholeBatches = WholeBatches(split, recipe.data, seed, network, multiple)
    else:
        batches = CropBatches(split, recipe.data, seed)
    examples = iter(()) if kept_out is None else kept_out.examples()
    return batches, measured(examples, whole=recipe.data.whole)


def _require_labels(source: Source, objective: Objective[Any], network: Network) -> None:
    """Raise UsageError for images without labels that are needed, and OptionError for more classes than the network has."""
    if not (objective.needs_labels or isinstance(network, Labeled)):
        return
    source.require_labels("train")
    known = getattr(network, "classes", len(source.classes))
    if len(source.classes) > known:
        raise OptionError(
            f"{source.path} has {len(source.classes)} classes, and the network takes {known}; "
            "set classes in the config of the recipe."
        )

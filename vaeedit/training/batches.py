"""The batches of a run: its data source, cut into crops or as whole images, and the images held out from it."""

from typing import Any

from vaeedit.training.data import Batch, CropBatches
from vaeedit.training.held_out import hold_out, measured
from vaeedit.training.objective import Objective
from vaeedit.training.recipe import Recipe
from vaeedit.training.run import Run
from vaeedit.training.sources.find import open_source
from vaeedit.training.sources.source import Split
from vaeedit.training.whole import WholeBatches
from vaeedit.vae.draws import Generative
from vaeedit.vae.protocol import VAE


def batches_of(
    recipe: Recipe, objective: Objective[Any], vae: VAE, run: Run, seed: int
) -> tuple[CropBatches | WholeBatches, list[Batch]]:
    """Batches to train on, and batches of one held-out image each to measure on.

    Raises UsageError, OptionError or ImageError for data that cannot be used.
    """
    source = open_source(run.data)
    split: Split = source.split("train")
    if objective.needs_labels:
        source.require_labels("train")
    kept_out: Split | None = None
    if run.held_out:
        split, kept_out = hold_out(split, run.held_out)
    if recipe.data.whole:
        multiple = 1 if Generative in objective.needs else vae.multiple  # `draw` takes any size
        batches: CropBatches | WholeBatches = WholeBatches(split, recipe.data, seed, vae, multiple)
    else:
        batches = CropBatches(split, recipe.data, seed)
    examples = iter(()) if kept_out is None else kept_out.examples()
    return batches, measured(examples, whole=recipe.data.whole)

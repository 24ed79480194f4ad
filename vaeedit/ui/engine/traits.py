"""What previews must know of a pipeline."""

from collections.abc import Hashable
from dataclasses import dataclass

from vaeedit.extension.specs import load_target
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.run.operation import Edit, Inspect, Join, Operation
from vaeedit.run.session import Session


@dataclass(frozen=True)
class Traits:
    """Properties of a pipeline that decide which part of a picture a preview computes."""

    key: Hashable
    """Pipelines with the same key are about equally fast."""
    local: bool
    """Whether each pixel depends on its surroundings only, so that a part may be computed alone."""
    placed: bool
    """Whether what is drawn at random depends on the place in the whole picture, and on nothing else."""
    delta: bool
    """Whether all steps add a change to a picture whose details stay."""
    fixed: bool
    """Whether a VAE takes pictures of one size only."""

    @classmethod
    def of(cls, pipeline: Pipeline, session: Session) -> "Traits":
        """Those of a pipeline, whose VAEs are loaded; raises VaeeditError for operations and VAEs that there are not."""
        from vaeedit.vae.protocol import FixedSize, SeesWhole  # which imports torch, and the server has none

        specs = [session.registry.operations.find(step.operation).spec for step in pipeline.steps]
        vaes = [
            session.settings.vae or step.vae or spec.vae if spec.uses_vae else ""
            for step, spec in zip(pipeline.steps, specs, strict=True)
        ]
        classes = [load_target(spec.target) for spec in specs]
        networks = [session.vae(name).network for name in vaes if name]
        key = tuple(
            (spec.target, vae, bool(step.maps))
            for spec, vae, step in zip(specs, vaes, pipeline.steps, strict=True)
        )
        return cls(
            key,
            local=all(map(_is_local, classes)) and not any(isinstance(one, SeesWhole) for one in networks),
            placed=all(one.before is Operation.before for one in classes),
            delta=all(spec.delta for spec in specs),
            fixed=any(isinstance(one, FixedSize) for one in networks),
        )


def _is_local(operation: type) -> bool:
    """Whether the class edits tiles, and sees nothing else of the picture."""
    return issubclass(operation, Edit) and not issubclass(operation, Inspect | Join)

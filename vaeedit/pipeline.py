"""Pipelines: steps in a row, the same object from Python and from YAML, checked before any model loads.

::

    version: 1
    seed: 7
    steps:
      - denoise: {strength: 0.6}
      - acme-grain:film: {name: grain, amount: 0.1, vae: mine.safetensors}
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vaeedit.errors import PipelineError, UnknownName, UsageError, suggestion
from vaeedit.options import Options, as_dict, parse
from vaeedit.places import Place
from vaeedit.plugins import Provided, Registry
from vaeedit.specs import OperationSpec
from vaeedit.steps import Step as Step
from vaeedit.yaml_steps import parse_yaml, seed_faults, to_yaml, with_line


@dataclass(frozen=True)
class PlannedStep:
    """A step whose operation, options and maps have been found valid."""

    provided: Provided[OperationSpec]
    options: Options
    vae: str
    maps: frozenset[str]
    name: str | None = None

    @property
    def spec(self) -> OperationSpec:
        """What the operation declares."""
        return self.provided.spec

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in as_dict(self.options).items())
        return f"{self.name or self.spec.name} ({given}) with the VAE {self.vae}"


@dataclass(frozen=True, init=False)
class Pipeline:
    """Steps in order, and the seed of everything random in them: Pipeline(Step("denoise"), seed=7)."""

    steps: tuple[Step, ...]
    seed: int
    places: Mapping[Place, int] = field(compare=False, repr=False)
    """Lines of the YAML text it came from."""

    def __init__(self, *steps: Step, seed: int = 0, places: Mapping[Place, int] | None = None) -> None:
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "seed", seed)
        object.__setattr__(self, "places", places or {})

    @classmethod
    def from_yaml(cls, text: str) -> "Pipeline":
        """Parse YAML; raises PipelineError for a document that is not a pipeline."""
        steps, seed, places = parse_yaml(text)
        return cls(*steps, seed=seed, places=places)

    @classmethod
    def from_file(cls, path: str | Path) -> "Pipeline":
        """Read a YAML file; raises UsageError where there is none."""
        try:
            return cls.from_yaml(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(
                f"The pipeline {path} cannot be read: {(error.strerror or '').lower()}."
            ) from None
        except UnicodeDecodeError:
            raise PipelineError([f"The pipeline {path} is not a text file."]) from None

    def to_yaml(self) -> str:
        """The pipeline as YAML; `from_yaml` gives an equal pipeline back."""
        return to_yaml(self.steps, self.seed)

    def check(self, registry: Registry) -> list[PlannedStep]:
        """The plan, or PipelineError with every fault of every step, by line where there are lines; loads nothing."""
        faults: list[tuple[Place, str]] = [] if self.steps else [(("steps",), "The pipeline has no steps.")]
        faults += [(("seed",), text) for text in seed_faults(self.seed)]
        plan = []
        for index, step in enumerate(self.steps):
            planned, found = _plan(step, f"step {index + 1} ({step.label})", registry)
            faults += [(("steps", index, *place), text) for place, text in found]
            if planned is not None:
                plan.append(planned)
        faults += self._double_names()
        if faults:
            raise PipelineError([with_line(self.places, place, text) for place, text in faults])
        return plan

    def _double_names(self) -> Iterator[tuple[Place, str]]:
        counts = Counter(step.name for step in self.steps if step.name is not None)
        for index, step in enumerate(self.steps):
            if step.name is not None and counts[step.name] > 1:
                place = ("steps", index, step.operation, "name")
                yield place, f"step {index + 1} ({step.name}): another step has the same name."


def _plan(step: Step, where: str, registry: Registry) -> tuple[PlannedStep | None, list[tuple[Place, str]]]:
    """The planned step, or None and a sentence for every fault with its place in the step."""
    try:
        provided = registry.operations.find(step.operation)
    except UnknownName as error:
        return None, [((step.operation,), f"{where}: {error}")]
    spec = provided.spec
    values, found = parse(spec.options, step.options, where)
    faults: list[tuple[Place, str]] = [((step.operation, key), text) for key, text in found.items()]
    vae = step.vae or spec.vae
    if not vae.endswith(".safetensors") and "/" not in vae:
        try:
            registry.weights.find(vae)
        except UnknownName as error:
            faults.append(((step.operation, "vae"), f"{where}: {error}"))
    for name in sorted(set(step.maps) - set(spec.maps)):
        text = f"{where} gives no map {name!r}{suggestion(name, spec.maps)}"
        faults.append(((step.operation, "maps"), text))
    if faults:
        return None, faults
    return PlannedStep(provided, spec.options(**values), vae, frozenset(step.maps), step.name), []

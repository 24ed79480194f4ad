"""Pipelines: steps in a row, the same object from Python and from YAML, checked before any model loads.

::

    version: 1
    seed: 7
    steps:
      - soften: {strength: 0.6}
      - acme-grain:film: {name: grain, amount: 0.1, vae: mine.safetensors}
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from vaeedit.documents import Place, text_of
from vaeedit.errors import LONG, PipelineError, UnknownName, suggestion
from vaeedit.extension.registry import Registry
from vaeedit.options import parse
from vaeedit.pipeline.condition import When
from vaeedit.pipeline.inputs import split
from vaeedit.pipeline.labels import labels, map_names
from vaeedit.pipeline.plan import Plan, PlannedStep, faults
from vaeedit.pipeline.step import Step as Step
from vaeedit.pipeline.yaml import parse_yaml, seed_faults, to_yaml, with_line

Faults = list[tuple[Place, str]]
"""Sentences, each with the place in the document that it is about."""
STEPS = 200
"""Of a pipeline at most."""


@dataclass(frozen=True, init=False)
class Pipeline:
    """Steps in order, and the seed of everything random in them: Pipeline(Step("soften"), seed=7)."""

    steps: tuple[Step, ...]
    seed: int
    places: Mapping[Place, int] = field(compare=False, repr=False)
    """Lines of the YAML text it came from."""
    folder: Path | None = field(compare=False, repr=False)
    """What names of extra inputs are relative to."""

    def __init__(
        self,
        *steps: Step,
        seed: int = 0,
        places: Mapping[Place, int] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.__dict__.update(steps=steps, seed=seed, places=places or {}, folder=folder)

    @classmethod
    def from_yaml(cls, text: str, folder: Path | None = None) -> "Pipeline":
        """Parse YAML; raises PipelineError for a document that is not a pipeline."""
        steps, seed, places = parse_yaml(text)
        return cls(*steps, seed=seed, places=places, folder=folder)

    @classmethod
    def from_file(cls, path: str | Path) -> "Pipeline":
        """Read a YAML file; raises UsageError where there is none, and PipelineError where it holds no pipeline."""
        return cls.from_yaml(text_of(Path(path)), Path(path).parent)

    def to_yaml(self) -> str:
        """The pipeline as YAML; `from_yaml` gives an equal pipeline back."""
        return to_yaml(self.steps, self.seed)

    def check(self, registry: Registry, vae: str | None = None) -> Plan:
        """The plan, or PipelineError with every fault of every step, by line where there are lines; loads nothing.

        `vae` replaces that of every step.
        """
        if len(self.steps) > STEPS:
            raise PipelineError([f"The pipeline has {len(self.steps):,} steps; {STEPS} are the most."])
        found: Faults = [] if self.steps else [(("steps",), "The pipeline has no steps.")]
        found += [(("seed",), text) for text in seed_faults(self.seed)]
        called = labels([step.name or step.operation.rpartition(":")[2] for step in self.steps])
        planned = []
        for index, step in enumerate(self.steps):
            where = f"step {index + 1} ({step.label[:LONG]})"
            one, wrong = _planned(step, where, registry, vae)
            when, faulty = _condition(step.when, where, self.steps[:index], called)
            wrong += faulty
            found += [(("steps", index, step.operation, *place), text) for place, text in wrong]
            planned += [replace(one, when=when, label=called[index])] if one else []
        found += self._double_names()
        if found:
            raise PipelineError([with_line(self.places, place, text) for place, text in found])
        names = map_names(called, [step.maps for step in planned])
        steps = [replace(step, map_names=each) for step, each in zip(planned, names, strict=True)]
        return Plan(tuple(steps), self.seed, self.folder)

    def _double_names(self) -> Iterator[tuple[Place, str]]:
        counts = Counter(step.name for step in self.steps if step.name is not None)
        for index, step in enumerate(self.steps):
            if step.name is not None and counts[step.name] > 1:
                place = ("steps", index, step.operation, "name")
                yield place, f"step {index + 1} ({step.name}): another step has the same name."


def _planned(
    step: Step, where: str, registry: Registry, vae: str | None
) -> tuple[PlannedStep | None, Faults]:
    """The planned step but for its condition, and a sentence for every fault with its place below that of the operation."""
    try:
        provided = registry.operations.find(step.operation)
    except UnknownName as error:
        return None, [((), f"{where}: {error}")]
    spec = provided.spec
    options, pictures = split(step.options, spec.extra_inputs)
    values, wrong = parse(spec.options, options, where)
    images = {name: (given,) if isinstance(given, str) else given for name, given in pictures.items()}
    vae = vae or step.vae or spec.vae
    beside = faults(spec, vae, step.maps, images, registry, where)
    found: Faults = [((key,), text) for key, text in (*wrong.items(), *beside)]
    if found:
        return None, found
    texts = {name: tuple(given) for name, given in images.items()}
    made = spec.options(**values)
    return PlannedStep(provided, made, vae, frozenset(step.maps), step.name, extra_inputs=texts), []


def _condition(
    text: str | None, where: str, before: Sequence[Step], called: Sequence[str]
) -> tuple[When | None, Faults]:
    """What a step waits for, by the label (`called`) of the one of the steps `before` that it asks about.

    The text may call a step by its label, its name, or its operation as the pipeline has it.
    """
    if text is None:
        return None, []
    try:
        when = When.parse(text)
    except ValueError as error:
        return None, [(("when",), f"{where}: {error}")]
    pairs = [*zip(before, called, strict=False)]
    first = {step.label: label for step, label in reversed(pairs)}
    earlier = first | {label: label for _, label in pairs}
    if when.step not in earlier:
        hint = suggestion(when.step, earlier)
        said = f"{where}: when asks about {when.step!r}, and no earlier step is called that{hint}"
        return None, [(("when",), said)]
    return when.about(earlier[when.step]), []

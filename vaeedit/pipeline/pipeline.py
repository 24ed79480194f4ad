"""Pipelines: steps in order, the same object from Python and from YAML, checked before any model loads.

::

    version: 1
    seed: 7
    steps:
      - soften: {strength: 0.6}
      - acme-grain:film: {name: grain, amount: 0.1, vae: mine.safetensors}
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path

from vaeedit.documents import Place, text_of
from vaeedit.errors import LONG, PipelineError, UnknownName, suggestion
from vaeedit.extension.registry import Registry, registry
from vaeedit.extension.specs import MASKING
from vaeedit.options import parse
from vaeedit.pipeline.condition import When
from vaeedit.pipeline.inputs import split
from vaeedit.pipeline.plan import Plan, PlannedStep, step_faults
from vaeedit.pipeline.step import Step as Step
from vaeedit.pipeline.yaml import parse_yaml, seed_faults, to_yaml, with_line
from vaeedit.settings import Masking

Faults = list[tuple[Place, str]]
"""Sentences, each with its place in the document."""
STEPS = 200
"""Most steps of a pipeline."""


@dataclass(frozen=True, init=False, repr=False)
class Pipeline:
    """Steps in order, and the seed of everything random in them: Pipeline(Step("soften"), seed=7)."""

    steps: tuple[Step, ...]
    """In the order in which they run."""
    seed: int
    """Seed of everything random; each step draws its own samples."""
    places: Mapping[Place, int] = field(compare=False, repr=False)
    """Line of each part of the YAML text that it was read from."""
    folder: Path | None = field(compare=False, repr=False)
    """The folder that names of extra inputs are relative to."""

    def __init__(
        self,
        *steps: Step,
        seed: int = 0,
        places: Mapping[Place, int] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.__dict__.update(steps=steps, seed=seed, places=places or {}, folder=folder)

    def __repr__(self) -> str:
        seed = [f"seed={self.seed}"] if self.seed else []
        return f"Pipeline({', '.join([*map(repr, self.steps), *seed])})"

    def _repr_html_(self) -> str:
        """The steps as a table, as a notebook displays them."""
        from vaeedit.pipeline.display import html_of

        return html_of(self)

    @classmethod
    def from_yaml(cls, text: str, folder: Path | None = None) -> "Pipeline":
        """Parse YAML; raises PipelineError for a document that is not a pipeline, with the faults of its steps, too."""
        parsed = parse_yaml(text)
        pipeline = cls(*parsed.steps, seed=parsed.seed, places=parsed.places, folder=folder)
        if parsed.faults:
            reported = {place for place, _ in parsed.faults}
            others = [fault for fault in pipeline._checked(registry())[1] if fault[0][:2] not in reported]
            raise PipelineError(pipeline._sentences(parsed.faults + others))
        return pipeline

    @classmethod
    def from_file(cls, path: str | Path) -> "Pipeline":
        """Read a YAML file; raises UsageError if it cannot be read, and PipelineError if it holds no pipeline."""
        return cls.from_yaml(text_of(Path(path)), Path(path).parent)

    def to_yaml(self) -> str:
        """The pipeline as YAML, of which `from_yaml` makes an equal pipeline."""
        return to_yaml(self.steps, self.seed)

    def check(self, registry: Registry, vae: str | None = None) -> Plan:
        """The plan; loads nothing. Raises PipelineError with all faults of all steps, and their lines if they are known.

        `vae` replaces the VAE of every step.
        """
        steps, faults = self._checked(registry, vae)
        if faults:
            raise PipelineError(self._sentences(faults))
        names = map_names([step.label for step in steps], [step.maps for step in steps])
        named = [replace(step, map_names=own) for step, own in zip(steps, names, strict=True)]
        return Plan(tuple(named), self.seed, self.folder)

    def faults(self, registry: Registry) -> Faults:
        """All faults of all steps; loads nothing."""
        return self._checked(registry)[1]

    def _checked(self, registry: Registry, vae: str | None = None) -> tuple[list[PlannedStep], Faults]:
        """The planned steps, without the names of their maps, and all faults."""
        if len(self.steps) > STEPS:
            return [], [(("steps",), f"The pipeline has {len(self.steps):,} steps; the limit is {STEPS}.")]
        faults: Faults = [] if self.steps else [(("steps",), "The pipeline has no steps.")]
        faults += [(("seed",), text) for text in seed_faults(self.seed)]
        called = labels([step.name or step.operation.rpartition(":")[2] for step in self.steps])
        steps = []
        for index, step in enumerate(self.steps):
            where = f"step {index + 1} ({step.label[:LONG]})"
            planned, own_faults = _planned(step, where, registry, vae)
            when, when_faults = _condition(step.when, where, self.steps[:index], called)
            place = ("steps", index, step.operation)
            faults += [((*place, *key), text) for key, text in own_faults + when_faults]
            steps += [replace(planned, when=when, label=called[index])] if planned else []
        return steps, [*faults, *self._double_names()]

    def _sentences(self, faults: Faults) -> list[str]:
        return [with_line(self.places, place, text) for place, text in faults]

    def _double_names(self) -> Iterator[tuple[Place, str]]:
        counts = Counter(step.name for step in self.steps if step.name is not None)
        for index, step in enumerate(self.steps):
            if step.name is not None and counts[step.name] > 1:
                place = ("steps", index, step.operation, "name")
                yield place, f"step {index + 1} ({step.name}): another step has the same name."


def _planned(
    step: Step, where: str, registry: Registry, vae: str | None
) -> tuple[PlannedStep | None, Faults]:
    """The planned step without its condition, and its faults, whose places begin below the operation's."""
    try:
        provided = registry.operations.find(step.operation)
    except UnknownName as error:
        return None, [((), f"{where}: {error}")]
    spec = provided.spec
    options, pictures = split(step.options, spec.inputs)
    options, masking = split(options, dict.fromkeys(MASKING if spec.takes_mask else (), ""))
    values, option_faults = parse(spec.options, options, where)
    mask_values, mask_faults = parse(Masking, masking, where)
    inputs = {name: (given,) if isinstance(given, str) else given for name, given in pictures.items()}
    vae = (vae or step.vae or spec.vae) if spec.uses_vae else (step.vae or "")
    used = Masking(**mask_values)
    other_faults = step_faults(spec, vae, step.maps, inputs, registry, where, used)
    option_faults |= mask_faults
    faults: Faults = [((key,), text) for key, text in (*option_faults.items(), *other_faults)]
    if faults:
        return None, faults
    texts = {name: tuple(given) for name, given in inputs.items()}
    parsed = spec.options(**values)
    maps = frozenset(step.maps)
    return PlannedStep(provided, parsed, vae, maps, step.name, extra_inputs=texts, masking=used), []


def _condition(
    text: str | None, where: str, before: Sequence[Step], called: Sequence[str]
) -> tuple[When | None, Faults]:
    """The condition of a step, with the label of the earlier step that it refers to, and its faults.

    `before` are the earlier steps, and `called` the labels of all steps. The text may refer to a step by its label, its
    name, or its operation as written in the pipeline.
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
        message = f"{where}: when refers to {when.step!r}, and no earlier step has that name{hint}"
        return None, [(("when",), message)]
    return when.about(earlier[when.step]), []


def labels(names: Sequence[str]) -> list[str]:
    """The names, made unique: the second use of a name becomes name-2, the third name-3, ..."""
    unique: list[str] = []
    for name in names:
        numbered = (f"{name}-{number}" for number in count(2))
        unique.append(next(label for label in chain([name], numbered) if label not in unique))
    return unique


def map_names(labels: Sequence[str], maps: Sequence[Collection[str]]) -> list[dict[str, str]]:
    """For each step the unique names of its maps: the last step with a map keeps its name, earlier ones use LABEL.MAP."""
    return [
        {
            name: f"{label}.{name}" if any(name in later for later in maps[index + 1 :]) else name
            for name in maps[index]
        }
        for index, label in enumerate(labels)
    ]

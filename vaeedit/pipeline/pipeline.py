"""Pipelines: steps in a row, the same object from Python and from YAML, checked before any model loads.

::

    version: 1
    seed: 7
    steps:
      - denoise: {strength: 0.6}
      - acme-grain:film: {name: grain, amount: 0.1, vae: mine.safetensors}
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vaeedit.documents import Place, text_of
from vaeedit.errors import LONG, PipelineError, UnknownName, suggestion
from vaeedit.extension.registry import Provided, Registry
from vaeedit.extension.specs import OperationSpec
from vaeedit.options import Options, as_dict, parse
from vaeedit.pipeline.condition import When
from vaeedit.pipeline.inputs import split, template_fault
from vaeedit.pipeline.labels import labels, map_names
from vaeedit.pipeline.step import Step as Step
from vaeedit.pipeline.yaml import parse_yaml, seed_faults, to_yaml, with_line
from vaeedit.vae.suits import misfits


@dataclass(frozen=True)
class PlannedStep:
    """A step whose operation, options and maps have been found valid."""

    provided: Provided[OperationSpec]
    options: Options
    vae: str
    maps: frozenset[str]
    name: str | None = None
    when: When | None = None
    images: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names or templates of further pictures."""
    label: str = ""
    """What its notes are called: its name or that of its operation, and -2, -3, ... where an earlier step has it."""
    map_names: Mapping[str, str] = field(default_factory=dict)
    """What the maps of `maps` are called among those of all steps."""

    @property
    def spec(self) -> OperationSpec:
        """What the operation declares."""
        return self.provided.spec

    def __str__(self) -> str:
        options = {**as_dict(self.options), **{name: " ".join(texts) for name, texts in self.images.items()}}
        given = ", ".join(f"{name}={value}" for name, value in options.items())
        condition = "" if self.when is None else f", when {self.when.text}"
        return f"{self.name or self.spec.name} ({given}) with the VAE {self.vae}{condition}"


Plan = list[PlannedStep]
STEPS = 200
"""Of a pipeline at most."""


def chains(plan: Plan) -> list[Plan]:
    """The plan in groups: neighbours that only move latents of the same VAE share one encode and one decode."""
    found: list[Plan] = []
    for step in plan:
        last = found[-1][-1] if found else None
        joins = (
            last is not None
            and step.when is None
            and last.when is None
            and last.vae == step.vae
            and last.spec.delta == step.spec.delta
            and all(s.spec.latent and not s.maps for s in (last, step))
        )
        if joins:
            found[-1].append(step)
        else:
            found.append([step])
    return found


@dataclass(frozen=True, init=False)
class Pipeline:
    """Steps in order, and the seed of everything random in them: Pipeline(Step("denoise"), seed=7)."""

    steps: tuple[Step, ...]
    seed: int
    places: Mapping[Place, int] = field(compare=False, repr=False)
    """Lines of the YAML text it came from."""
    folder: Path | None = field(compare=False, repr=False)
    """What names of further pictures are relative to."""

    def __init__(
        self,
        *steps: Step,
        seed: int = 0,
        places: Mapping[Place, int] | None = None,
        folder: Path | None = None,
    ) -> None:
        members = {"steps": steps, "seed": seed, "places": places or {}, "folder": folder}
        for member, value in members.items():
            object.__setattr__(self, member, value)

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

    def check(self, registry: Registry, vae: str | None = None) -> list[PlannedStep]:
        """The plan, or PipelineError with every fault of every step, by line where there are lines; loads nothing.

        `vae` replaces that of every step.
        """
        faults: list[tuple[Place, str]] = [] if self.steps else [(("steps",), "The pipeline has no steps.")]
        faults += [(("seed",), text) for text in seed_faults(self.seed)]
        if len(self.steps) > STEPS:
            raise PipelineError([f"The pipeline has {len(self.steps):,} steps; {STEPS} are the most."])
        plan = []
        for index, step in enumerate(self.steps):
            where = f"step {index + 1} ({step.label[:LONG]})"
            planned, found = _plan(step, where, registry, vae)
            faults += [(("steps", index, *place), text) for place, text in found]
            try:
                when = _condition(step, self.steps[:index])
            except ValueError as error:
                faults.append((("steps", index, step.operation, "when"), f"{where}: {error}"))
                continue
            if planned is not None:
                plan.append(replace(planned, when=when))
        faults += self._double_names()
        if faults:
            raise PipelineError([with_line(self.places, place, text) for place, text in faults])
        return _labeled(plan)

    def _double_names(self) -> Iterator[tuple[Place, str]]:
        counts = Counter(step.name for step in self.steps if step.name is not None)
        for index, step in enumerate(self.steps):
            if step.name is not None and counts[step.name] > 1:
                place = ("steps", index, step.operation, "name")
                yield place, f"step {index + 1} ({step.name}): another step has the same name."


def _plan(
    step: Step, where: str, registry: Registry, vae: str | None
) -> tuple[PlannedStep | None, list[tuple[Place, str]]]:
    """The planned step, or None and a sentence for every fault with its place in the step."""
    try:
        provided = registry.operations.find(step.operation)
    except UnknownName as error:
        return None, [((step.operation,), f"{where}: {error}")]
    spec = provided.spec
    options, pictures = split(step.options, spec.images)
    values, found = parse(spec.options, options, where)
    faults: list[tuple[Place, str]] = [((step.operation, key), text) for key, text in found.items()]
    vae = vae or step.vae or spec.vae
    faults += [((step.operation, "vae"), f"{where}: {text}") for text in misfits(vae, spec, registry)]
    images = {name: (given,) if isinstance(given, str) else given for name, given in pictures.items()}
    faults += [((step.operation, name), f"{where}: {text}") for name, text in _image_faults(images, spec)]
    for name in sorted(set(step.maps) - set(spec.maps)):
        text = f"{where} gives no map {name!r}{suggestion(name, spec.maps)}"
        faults.append(((step.operation, "maps"), text))
    if faults:
        return None, faults
    further = {name: tuple(texts) for name, texts in images.items()}
    maps = frozenset(step.maps)
    return PlannedStep(provided, spec.options(**values), vae, maps, step.name, images=further), []


def _labeled(plan: Plan) -> Plan:
    """The plan with the labels of its steps and the names of their maps."""
    called = labels([step.name or step.spec.name for step in plan])
    named = map_names(called, [step.maps for step in plan])
    return [
        replace(step, label=label, map_names=names)
        for step, label, names in zip(plan, called, named, strict=True)
    ]


def _condition(step: Step, before: Sequence[Step]) -> When | None:
    """What the step waits for; raises ValueError for a text that is no condition on one of the steps before.

    The text may call a step by the label of its notes, its name, or its operation as the pipeline has it.
    """
    if step.when is None:
        return None
    when = When.parse(step.when)
    called = labels([step.name or step.operation.rpartition(":")[2] for step in before])
    first = {step.label: label for step, label in reversed([*zip(before, called, strict=True)])}
    earlier = first | {label: label for label in called}
    if when.step not in earlier:
        raise ValueError(
            f"when asks about {when.step!r}, and no earlier step is called that{suggestion(when.step, earlier)}"
        )
    return replace(when, step=earlier[when.step])


def _image_faults(images: Mapping[str, Any], spec: OperationSpec) -> Iterator[tuple[str, str]]:
    """By name, what is wrong with the further pictures of a step."""
    for name in sorted(set(spec.needs) - set(images)):
        yield name, f"{spec.name} needs the picture {name!r}."
    for name, texts in images.items():
        if not isinstance(texts, list | tuple) or not texts or not all(isinstance(t, str) for t in texts):
            yield name, f"{name} must name a file, or be a list of such names."
            continue
        yield from ((name, found) for found in map(template_fault, texts) if found is not None)

"""Pipelines: steps in a row, the same object from Python and from YAML, checked before any model loads.

::

    version: 1
    seed: 7
    steps:
      - denoise: {strength: 0.6}
      - acme-grain:film: {amount: 0.1, vae: mine.safetensors}
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from vaeedit.errors import PipelineError, UnknownName, UsageError, suggestion
from vaeedit.options import Options, as_dict, parse
from vaeedit.plugins import Provided, Registry
from vaeedit.specs import OperationSpec

VERSION = 1
KEYS = ("version", "seed", "steps")


@dataclass(frozen=True, init=False)
class Step:
    """One operation with its options: Step("denoise", strength=0.6).

    `vae` replaces the operation's own, `maps` names the side results that are wanted.
    """

    operation: str
    options: Mapping[str, Any]
    vae: str | None
    maps: tuple[str, ...]

    def __init__(
        self, operation: str, /, *, vae: str | None = None, maps: Iterable[str] = (), **options: Any
    ) -> None:
        for name, value in (
            ("operation", operation),
            ("options", options),
            ("vae", vae),
            ("maps", tuple(maps)),
        ):
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class PlannedStep:
    """A step whose operation, options and maps have been found valid."""

    provided: Provided[OperationSpec]
    options: Options
    vae: str
    maps: frozenset[str]

    @property
    def spec(self) -> OperationSpec:
        """What the operation declares."""
        return self.provided.spec

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in as_dict(self.options).items())
        return f"{self.spec.name} ({given}) with the VAE {self.vae}"


@dataclass(frozen=True, init=False)
class Pipeline:
    """Steps in order, and the seed of everything random in them: Pipeline(Step("denoise"), seed=7)."""

    steps: tuple[Step, ...]
    seed: int

    def __init__(self, *steps: Step, seed: int = 0) -> None:
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "seed", seed)

    @classmethod
    def from_yaml(cls, text: str) -> "Pipeline":
        """Parse YAML; raises PipelineError for a document that is not a pipeline."""
        try:
            document = msgspec.yaml.decode(text)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise PipelineError([f"The pipeline is not valid YAML: {error}"]) from None
        return cls._from_document(document)

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
        steps = []
        for step in self.steps:
            values: dict[str, Any] = dict(step.options)
            if step.vae is not None:
                values["vae"] = step.vae
            if step.maps:
                values["maps"] = list(step.maps)
            steps.append({step.operation: values})
        return msgspec.yaml.encode({"version": VERSION, "seed": self.seed, "steps": steps}).decode()

    def check(self, registry: Registry) -> list[PlannedStep]:
        """The plan, or PipelineError with every fault of every step; loads nothing."""
        faults = [] if self.steps else ["The pipeline has no steps."]
        faults += _seed_faults(self.seed)
        plan = []
        for number, step in enumerate(self.steps, 1):
            planned, found = _plan(step, f"step {number} ({step.operation})", registry)
            faults += found
            if planned is not None:
                plan.append(planned)
        if faults:
            raise PipelineError(faults)
        return plan

    @classmethod
    def _from_document(cls, document: Any) -> "Pipeline":
        if not isinstance(document, dict):
            raise PipelineError(["A pipeline is a mapping with the keys version, seed and steps."])
        faults = [
            f"A pipeline has no key {key!r}{suggestion(str(key), KEYS)}"
            for key in document
            if key not in KEYS
        ]
        if document.get("version") != VERSION:
            faults.append(f"The pipeline's version must be {VERSION}, not {document.get('version')!r}.")
        seed = document.get("seed", 0)
        faults += _seed_faults(seed)
        steps = document.get("steps")
        if not isinstance(steps, list):
            faults.append("The key steps must hold a list.")
            steps = []
        parsed = []
        for number, entry in enumerate(steps, 1):
            try:
                parsed.append(_step(entry))
            except ValueError as error:
                faults.append(f"step {number}: {error}")
        if faults:
            raise PipelineError(faults)
        return cls(*parsed, seed=seed)


def _seed_faults(seed: Any) -> list[str]:
    if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0:
        return []
    return [f"The seed must be a whole number of at least 0, not {seed!r}."]


def _plan(step: Step, where: str, registry: Registry) -> tuple[PlannedStep | None, list[str]]:
    """The planned step, or None and a sentence for every fault."""
    try:
        provided = registry.operations.find(step.operation)
    except UnknownName as error:
        return None, [f"{where}: {error}"]
    spec = provided.spec
    values, faults = parse(spec.options, step.options, where)
    vae = step.vae or spec.vae
    if not vae.endswith(".safetensors") and "/" not in vae:
        try:
            registry.weights.find(vae)
        except UnknownName as error:
            faults.append(f"{where}: {error}")
    unknown = sorted(set(step.maps) - set(spec.maps))
    faults += [f"{where} gives no map {name!r}{suggestion(name, spec.maps)}" for name in unknown]
    if faults:
        return None, faults
    return PlannedStep(provided, spec.options(**values), vae, frozenset(step.maps)), []


def _step(entry: Any) -> Step:
    if isinstance(entry, str):
        return Step(entry)
    if not isinstance(entry, dict) or len(entry) != 1:
        raise ValueError("a step is a name, or one name with a mapping of options.")
    operation, values = next(iter(entry.items()))
    values = {} if values is None else values
    if not isinstance(operation, str) or not isinstance(values, dict):
        raise ValueError(f"the options of {operation!r} must be a mapping.")
    options = {str(key): value for key, value in values.items()}
    vae, maps = options.pop("vae", None), options.pop("maps", [])
    if vae is not None and not isinstance(vae, str):
        raise ValueError("vae must be a name or a file.")
    if not isinstance(maps, list) or not all(isinstance(name, str) for name in maps):
        raise ValueError("maps must be a list of names.")
    return Step(operation, vae=vae, maps=maps, **options)

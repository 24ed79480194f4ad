"""Plan: a pipeline that was checked; it holds all that running needs, and is sent to workers as it is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vaeedit.errors import PipelineError, suggestion
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import MASK, OperationSpec
from vaeedit.extension.tables import Provided
from vaeedit.options import Options, as_dict
from vaeedit.pipeline.condition import When
from vaeedit.pipeline.inputs import resolved, template_fault
from vaeedit.settings import WHOLE, Masking
from vaeedit.vae.suits import misfits


@dataclass(frozen=True)
class PlannedStep:
    """A step whose operation, options and maps are valid."""

    provided: Provided[OperationSpec]
    options: Options
    vae: str
    """Empty for an operation on pixels."""
    maps: frozenset[str]
    name: str | None = None
    when: When | None = None
    extra_inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names or templates of extra inputs."""
    masking: Masking = WHOLE
    """How its mask is used, if `mask` names one."""
    label: str = ""
    """Unique name for its notes: its name or that of its operation, with -2, -3, ... if an earlier step has the same."""
    map_names: Mapping[str, str] = field(default_factory=dict)
    """The unique name of each map of `maps` among those of all steps."""

    @property
    def spec(self) -> OperationSpec:
        """The spec of the operation."""
        return self.provided.spec

    @property
    def mask(self) -> str | None:
        """Name or template of the mask that limits the edit."""
        return self.extra_inputs[MASK][0] if self.spec.takes_mask and MASK in self.extra_inputs else None

    @property
    def given(self) -> dict[str, Any]:
        """The options, how the mask is used, and the extra inputs, by name, as YAML or JSON can hold them."""
        masking = as_dict(self.masking) if self.mask else {}
        return {**as_dict(self.options), **masking, **self.extra_inputs}

    def files(self, folder: Path | None, source: Path | None) -> dict[str, list[Path]]:
        """Files and folders of the extra inputs for the input `source`, by name; raises UsageError (see `resolved`)."""
        return {
            key: [resolved(text, folder, source) for text in texts]
            for key, texts in self.extra_inputs.items()
        }

    def __str__(self) -> str:
        values = {**self.given, **{name: " ".join(texts) for name, texts in self.extra_inputs.items()}}
        given = ", ".join(f"{name}={value}" for name, value in values.items())
        condition = "" if self.when is None else f", when {self.when.text}"
        vae = f" with the VAE {self.vae}" if self.vae else ""
        return f"{self.name or self.spec.name} ({given}){vae}{condition}"


@dataclass(frozen=True)
class Plan:
    """Valid steps in order."""

    steps: tuple[PlannedStep, ...]
    seed: int = 0
    folder: Path | None = None
    """The folder that names of extra inputs are relative to."""

    def __iter__(self) -> Iterator[PlannedStep]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def uses_vae(self) -> bool:
        """Whether any step uses a VAE."""
        return any(step.vae for step in self.steps)

    @property
    def film(self) -> bool:
        """Whether the last step makes a film."""
        return self.steps[-1].spec.film

    def chains(self) -> list[list[PlannedStep]]:
        """The steps in groups: neighbors that only move latents of the same VAE share one encode and one decode."""
        groups: list[list[PlannedStep]] = []
        for step in self.steps:
            if groups and _joins(groups[-1][-1], step):
                groups[-1].append(step)
            else:
                groups.append([step])
        return groups


def _joins(last: PlannedStep, step: PlannedStep) -> bool:
    return (
        step.when is None
        and last.when is None
        and last.vae == step.vae
        and last.spec.delta == step.spec.delta
        and (last.mask, last.masking) == (step.mask, step.masking)
        and all(each.spec.latent and not each.maps for each in (last, step))
    )


def plan_alone(
    provided: Provided[OperationSpec],
    options: Options,
    *,
    vae: str | None,
    maps: Iterable[str],
    extra_inputs: Mapping[str, Sequence[str]],
    registry: Registry,
    masking: Masking = WHOLE,
) -> Plan:
    """The plan of one step whose options are already converted; raises PipelineError for all other faults."""
    vae, spec, maps = vae or provided.spec.vae, provided.spec, frozenset(maps)
    where = f"step 1 ({provided.qualified})"
    faults = step_faults(spec, vae, maps, extra_inputs, registry, where, masking)
    if sentences := [text for _, text in faults]:
        raise PipelineError(sentences)
    inputs = {name: tuple(texts) for name, texts in extra_inputs.items()}
    names = {name: name for name in maps}
    step = PlannedStep(
        provided, options, vae, maps, extra_inputs=inputs, masking=masking, label=spec.name, map_names=names
    )
    return Plan((step,))


def step_faults(
    spec: OperationSpec,
    vae: str,
    maps: Iterable[str],
    extra_inputs: Mapping[str, Any],
    registry: Registry,
    where: str,
    masking: Masking,
) -> Iterator[tuple[str, str]]:
    """The faults of a step outside its options: the key, and a sentence that begins with `where`."""
    if spec.uses_vae:
        yield from (("vae", f"{where}: {text}") for text in misfits(vae, spec, registry))
    elif vae:
        yield "vae", f"{where}: it uses no VAE; leave out vae."
    yield from ((name, f"{where}: {text}") for name, text in _input_faults(extra_inputs, spec))
    if masking != WHOLE and MASK not in extra_inputs:
        yield "feather", f"{where}: feather and invert-mask need a mask."
    for name in sorted(set(maps) - set(spec.maps)):
        yield "maps", f"{where} has no map {name!r}{suggestion(name, spec.maps)}"


def _input_faults(extra_inputs: Mapping[str, Any], spec: OperationSpec) -> Iterator[tuple[str, str]]:
    """The faults of a step's extra inputs, by their names."""
    for name in sorted(set(spec.needs) - set(extra_inputs)):
        yield name, f"{spec.name} needs the picture {name!r}."
    for name, texts in extra_inputs.items():
        if not isinstance(texts, list | tuple) or not texts or not all(isinstance(t, str) for t in texts):
            yield name, f"{name} must name a file, or be a list of such names."
            continue
        yield from ((name, fault) for fault in map(template_fault, texts) if fault is not None)
        if name == MASK and spec.takes_mask and len(texts) > 1:
            yield name, "mask names one file; masks/{stem}.png names another one for each input."

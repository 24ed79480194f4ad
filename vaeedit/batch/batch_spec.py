"""What is to be done to every file of a batch: planned and checked once; travels to workers as it is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from vaeedit import __version__
from vaeedit.batch.jobs import Job
from vaeedit.batch.lines import digest, encoded
from vaeedit.errors import VaeeditError
from vaeedit.extension.registry import registry
from vaeedit.image import expanded, file_name
from vaeedit.limits import PICTURE, read_regular
from vaeedit.options import as_dict
from vaeedit.pipeline.plan import Plan
from vaeedit.settings import Damaged, Policy, Settings
from vaeedit.vae.files import checksum, find_vae, read_info
from vaeedit.vae.folders import is_remote


@dataclass(frozen=True)
class BatchSpec:
    """A plan with the settings of its sessions; they name the VAE that the plan was made with."""

    plan: Plan
    settings: Settings = field(default_factory=Settings)
    threads: int | None = None
    """CPU threads of each worker; None leaves them as they are."""
    cpu_allowed: bool = False
    """Whether a file that does not fit into the GPU's memory may be done on the CPU."""
    metadata: Policy = "keep"
    """How much of the inputs' metadata the outputs keep."""
    provenance: bool = True
    """Whether the outputs say how they were made."""
    damaged: Damaged = "error"
    """What to do with damaged pictures."""

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """For the journal: all that decides what each step does. Raises what `find_vae` and `checksum` raise."""
        steps = []
        for step in self.plan:
            path = find_vae(step.vae, registry())
            steps.append(
                {
                    "operation": step.provided.qualified,
                    "package": _package(step.provided.distribution),
                    "options": {**as_dict(step.options), **step.extra_inputs},
                    "vae": step.vae,
                    "checksum": checksum(path),
                    "network": _package_of_network(path),
                    "name": step.name,
                    "when": step.when.text if step.when else None,
                    "maps": sorted(step.maps),
                }
            )
        return steps

    @property
    def seed(self) -> int:
        """Of everything random, as the journal and the outputs tell it."""
        return self.settings.seed + self.plan.seed

    @cached_property
    def made(self) -> dict[str, Any]:
        """How the outputs are made: enough to make them again."""
        precision = self.settings.precision
        return {"version": __version__, "seed": self.seed, "precision": precision, "steps": self.steps}

    @cached_property
    def note(self) -> dict[str, Any]:
        """`made` as the outputs tell it: files by their names, not by where they are."""
        steps = []
        for step, planned in zip(self.steps, self.plan, strict=True):
            images = {key: [_told(text) for text in texts] for key, texts in planned.extra_inputs.items()}
            told = {key: step[key] for key in ("operation", "checksum", "name", "when")}
            steps.append({**told, "options": {**step["options"], **images}, "vae": _public(step["vae"])})
        return {**self.made, "steps": steps}

    def fingerprint(self, data: bytes, job: Job) -> str:
        """Of an input's bytes and of everything that decides the output; not of what only decides where it is made."""
        suffix = job.target.suffix.lower() if job.target else ""
        decides = {
            **self.made,
            "metadata": self.metadata,
            "provenance": self.provenance,
            "damaged": self.damaged,
            "format": suffix,
            "sides": sorted(job.sides),
        }
        further = [read_regular(path, PICTURE) for path in self._further(job)]
        return digest(data, encoded(decides, "sorted"), *further)

    def _further(self, job: Job) -> Iterator[Path]:
        """The extra inputs of all steps for one input."""
        for step in self.plan:
            for named in step.files(self.plan.folder, job.source).values():
                yield from (path for each in named for path in expanded(each))


def _package(name: str) -> str:
    """A package with its version, so that what another version made is known by it."""
    try:
        return f"{name} {version(name)}"
    except (PackageNotFoundError, ValueError):
        return name


def _package_of_network(vae: Path) -> str:
    """The package whose code the VAE runs; empty where that cannot be told, which loading it will say."""
    try:
        return _package(registry().architectures.find(read_info(vae, registry()).architecture).distribution)
    except VaeeditError:
        return ""


def _told(picture: str) -> str:
    """An extra input as the outputs name it: by its name, or as one that lies beside every input."""
    name = file_name(picture)
    return picture if picture == f"{{folder}}/{name}" else name


def _public(vae: str) -> str:
    """A VAE as the outputs name it."""
    known = registry()
    return vae if vae in known.weights or is_remote(vae, known) else file_name(vae)

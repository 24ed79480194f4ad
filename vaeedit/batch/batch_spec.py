"""What to do with every file of a batch. It is planned and checked once, and sent to the workers unchanged."""

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
    """A plan, the settings of the sessions that run it, and how outputs are written."""

    plan: Plan
    settings: Settings = field(default_factory=Settings)
    threads: int | None = None
    """CPU threads of each worker; None leaves them as they are."""
    cpu_allowed: bool = False
    """Whether a file that does not fit into the GPU's memory may be edited on the CPU."""
    metadata: Policy = "keep"
    """Which metadata of the inputs the outputs keep."""
    provenance: bool = True
    """Whether the outputs record how they were made."""
    damaged: Damaged = "error"
    """What to do with damaged pictures."""

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """Everything that determines what each step does, for the journal. Raises what `find_vae` and `checksum` raise."""
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
        """The seed of all random numbers, as the journal and the outputs record it."""
        return self.settings.seed + self.plan.seed

    @cached_property
    def made(self) -> dict[str, Any]:
        """Everything that is needed to make the outputs again."""
        precision = self.settings.precision
        return {"version": __version__, "seed": self.seed, "precision": precision, "steps": self.steps}

    @cached_property
    def note(self) -> dict[str, Any]:
        """`made` as the outputs record it: files by name, without their folders."""
        steps = []
        for step, planned in zip(self.steps, self.plan, strict=True):
            images = {
                key: [_public_input(text) for text in texts] for key, texts in planned.extra_inputs.items()
            }
            public = {key: step[key] for key in ("operation", "checksum", "name", "when")}
            steps.append(
                {**public, "options": {**step["options"], **images}, "vae": _public_vae(step["vae"])}
            )
        return {**self.made, "steps": steps}

    def fingerprint(self, data: bytes, job: Job) -> str:
        """Return the hash of an input's bytes and of everything that determines the output (not of the device)."""
        suffix = job.target.suffix.lower() if job.target else ""
        options = {
            **self.made,
            "metadata": self.metadata,
            "provenance": self.provenance,
            "damaged": self.damaged,
            "format": suffix,
            "sides": sorted(job.sides),
        }
        extra = [read_regular(path, PICTURE) for path in self._extra_inputs(job)]
        return digest(data, encoded(options, "sorted"), *extra)

    def _extra_inputs(self, job: Job) -> Iterator[Path]:
        """Yield the extra inputs of all steps for one input."""
        for step in self.plan:
            for named in step.files(self.plan.folder, job.source).values():
                yield from (path for name in named for path in expanded(name))


def _package(name: str) -> str:
    """Return a package's name and version."""
    try:
        return f"{name} {version(name)}"
    except (PackageNotFoundError, ValueError):
        return name


def _package_of_network(vae: Path) -> str:
    """Return the package whose code the VAE runs; empty if it is not known (loading the VAE will raise)."""
    try:
        return _package(registry().architectures.find(read_info(vae, registry()).architecture).distribution)
    except VaeeditError:
        return ""


def _public_input(picture: str) -> str:
    """Return an extra input without its folder; {folder}/NAME, a file beside each input, stays."""
    name = file_name(picture)
    return picture if picture == f"{{folder}}/{name}" else name


def _public_vae(vae: str) -> str:
    """Return the name of a VAE, without its folder if it is a file."""
    known = registry()
    return vae if vae in known.weights or is_remote(vae, known) else file_name(vae)

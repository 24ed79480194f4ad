"""What a plan and the settings of its session determine: the record of a run in the journal and in its outputs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from vaeedit import __version__
from vaeedit.errors import VaeeditError
from vaeedit.extension.registry import GROUP, Registry, registry
from vaeedit.image import Metadata, file_name, made_of
from vaeedit.pipeline.inputs import recorded
from vaeedit.pipeline.plan import Plan
from vaeedit.settings import Settings
from vaeedit.vae.folders import is_remote


@dataclass(frozen=True)
class Recorded:
    """A plan, and the settings of the sessions that run it."""

    plan: Plan
    settings: Settings = field(default_factory=Settings)
    plugins: Registry | None = field(default=None, kw_only=True)
    """The plugins of the session; None for the installed ones."""

    @property
    def _known(self) -> Registry:
        return self.plugins or registry()

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """Everything that determines what each step does, for the journal. Raises what `find_vae` and `checksum` raise."""
        return [
            {
                "operation": step.provided.qualified,
                "package": step.provided.package,
                "options": step.given,
                **(_vae(step.vae, self._known) if step.vae else {}),
                "name": step.name,
                "when": step.when.text if step.when else None,
                "maps": sorted(step.maps),
            }
            for step in self.plan
        ]

    @cached_property
    def foreign(self) -> list[str]:
        """The operations and VAEs whose code is not of vaeedit itself, each with its package: 'grain (acme-grain 1.0)'."""
        found = []
        for step, planned in zip(self.steps, self.plan, strict=True):
            found.append((planned.spec.name, step["package"]))
            if planned.vae:
                found.append((f"the VAE {file_name(planned.vae)}", step["network"]))
        others = [f"{what} ({code})" for what, code in found if code and code.split()[0] != GROUP]
        return list(dict.fromkeys(others))

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
        """`made` as the outputs record it: files by name, without their folders (see `recorded`)."""
        steps = []
        for step, planned in zip(self.steps, self.plan, strict=True):
            images = {key: list(map(recorded, texts)) for key, texts in planned.extra_inputs.items()}
            kept = ("operation", "package", "checksum", "network", "name", "when")
            public = {key: value for key, value in step.items() if key in kept}
            vae = {"vae": _public_vae(planned.vae, self._known)} if planned.vae else {}
            steps.append({**public, "options": {**step["options"], **images}, **vae})
        return {**self.made, "steps": steps}

    def note_after(self, metadata: Metadata) -> Mapping[str, Any]:
        """The note for an output; if the metadata of its input hold a note, that one is the edit before."""
        before = made_of(metadata)
        return {**self.note, "before": before} if before else self.note


def _vae(name: str, known: Registry) -> dict[str, Any]:
    """A VAE, its checksum, and the package whose code it runs."""
    from vaeedit.vae.files import checksum, find_vae

    path = find_vae(name, known)
    return {"vae": name, "checksum": checksum(path), "network": package_of_network(path, known)}


def package_of_network(vae: Path, known: Registry) -> str:
    """The package whose code the VAE runs; empty if it is not known (loading the VAE will raise)."""
    from vaeedit.vae.files import read_info

    try:
        return known.architectures.find(read_info(vae, known).architecture).package
    except VaeeditError:
        return ""


def _public_vae(vae: str, known: Registry) -> str:
    """The name of a VAE, without its folder if it is a file."""
    return vae if vae in known.weights or is_remote(vae, known) else file_name(vae)

"""Which installed VAEs an operation can use: a task of a worker, as their networks are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaeedit.vae.suits import misfits

if TYPE_CHECKING:
    from vaeedit.ui.engine.worker import Worker


def suitable(worker: Worker, operation: str) -> list[str]:
    """The names of the installed VAEs that suit an operation, its own first."""
    known = worker.session.registry
    spec = known.operations.find(operation).spec
    names = sorted(known.weights.bare, key=lambda name: (name != spec.vae, name))
    return [name for name in names if not any(misfits(name, spec, known))]

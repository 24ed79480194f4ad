"""The code of an edit, run so that a change of its latents in place is an error, and what it returns, checked.

Latents are made in torch's inference mode. Outside of it torch refuses to change them in place, so that is where edits run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from vaeedit.extension.faults import Fault, plugin_errors
from vaeedit.vae.edited import Edited, Mixture, Refined, Series
from vaeedit.vae.latents import Latents


def guarded(who: str, edit: Callable[..., Edited], *latents: Latents) -> Edited:
    """What `edit` makes of latents, also where a generator makes it later.

    Raises PluginError, which begins with `who`, if it fails, or returns anything else than latents of the same shapes.
    """
    with _outside(who):
        return _checked(edit(*latents), latents[0], who)


@contextmanager
def _outside(who: str) -> Iterator[None]:
    with plugin_errors(who), torch.inference_mode(False), torch.no_grad():
        yield


@dataclass(frozen=True)
class _Guarded:
    """An iterable of a plugin, run and checked as its edit is."""

    items: Iterable[Any]
    checked: Callable[[Any], Any]
    who: str

    def __iter__(self) -> Iterator[Any]:
        with _outside(self.who):
            items = iter(self.items)
        while True:
            with _outside(self.who):
                try:
                    item = self.checked(next(items))
                except StopIteration:
                    return
            yield item


def _checked(edited: Any, like: Latents, who: str) -> Edited:
    """The result of an edit, checked now or where it is iterated; raises Fault."""

    def weighted(component: Any) -> tuple[float, Any]:
        weight, part = component
        return weight, _checked(part, like, who)

    match edited:
        case Latents():
            shapes = [[tuple(level.mean.shape) for level in each.levels] for each in (edited, like)]
            if shapes[0] != shapes[1]:
                raise Fault(f"returned latents of the shapes {shapes[0]} for those of {shapes[1]}.")
            return edited
        case Refined():
            return replace(edited, latents=_checked(edited.latents, like, who))  # type: ignore[arg-type]
        case Mixture():
            return Mixture(_Guarded(edited.components, weighted, who))
        case Series():
            return Series(_Guarded(edited.members, lambda member: _checked(member, like, who), who))
    raise Fault(f"returned {edited!r:.60} from its edit, neither Latents, Mixture, Series nor Refined.")

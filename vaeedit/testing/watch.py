"""What code does beside what it returns: prints, files in the working folder, and global random generators."""

import os
import pickle
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from vaeedit.extension.prints import prints_recorded

GENERATORS: Mapping[str, tuple[Callable[[], Any], Callable[[Any], Any], Callable[[int], Any]]] = {
    "random": (random.getstate, random.setstate, random.seed),
    "numpy.random": (np.random.get_state, np.random.set_state, np.random.seed),
    "torch": (
        lambda: torch.get_rng_state().numpy(),
        lambda state: torch.set_rng_state(torch.from_numpy(state)),
        torch.manual_seed,
    ),
}
"""How the state of a global generator is read, set, and made from a seed, by its module."""
SEED = 20_391_847
"""No plugin seeds with this number, so that one that seeds a generator changes its state."""


@dataclass
class Seen:
    """What was seen."""

    printed: str = ""
    """What went to stdout."""
    files: list[str] = field(default_factory=list)
    """Names in the working folder, which was empty."""
    generators: list[str] = field(default_factory=list)
    """Modules whose global generator has another state than before."""


@contextmanager
def watched() -> Iterator[Seen]:
    """Watch the `with` block, in an empty working folder; the generators get their states back."""
    seen = Seen()
    states = {name: get() for name, (get, _, _) in GENERATORS.items()}
    try:
        for _, _, seed in GENERATORS.values():
            seed(SEED)
        before = _states()
        with tempfile.TemporaryDirectory() as folder, prints_recorded() as prints, _descriptor() as more:
            with chdir(folder):
                yield seen
            seen.files = sorted(os.listdir(folder))
        seen.printed = prints.getvalue() + "".join(more)
        after = _states()
        seen.generators = [name for name, state in after.items() if state != before[name]]
    finally:
        for name, state in states.items():
            GENERATORS[name][1](state)


def _states() -> dict[str, bytes]:
    return {name: pickle.dumps(get()) for name, (get, _, _) in GENERATORS.items()}


@contextmanager
def _descriptor() -> Iterator[list[str]]:
    """The list gets what C libraries and programs write to stdout."""
    texts: list[str] = []
    usual = os.dup(1)
    with tempfile.TemporaryFile() as file:
        try:
            sys.stdout.flush()
            os.dup2(file.fileno(), 1)
            yield texts
        finally:
            os.dup2(usual, 1)
            os.close(usual)
        file.seek(0)
        texts.append(file.read().decode(errors="replace"))

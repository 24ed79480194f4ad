"""The checks of shipped weights: they load, their header is theirs, and they decode to what was recorded."""

import json
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaeedit.extension.specs import WeightsSpec
from vaeedit.run.session import Session
from vaeedit.testing.networks import reconstructed
from vaeedit.vae.files import find_vae, load_vae
from vaeedit.vae.protocol import VAE

TOLERANCE = 2e-3
"""Of [0, 1]; half a step of 8 bits. Other processors and versions of torch round otherwise."""
SPOTS = 4
"""Rows and columns of pixels that are recorded."""


def weights_checks(
    spec: WeightsSpec, session: Session, recorded: Path | None
) -> Iterator[tuple[str, Callable[[], None]]]:
    """The checks of shipped weights; networks that are no VAE decode nothing."""
    yield f"{spec.name}-weights", partial(check_weights, spec, session)
    if recorded:
        yield f"{spec.name}-output", partial(check_output, spec, session, recorded)


def check_weights(spec: WeightsSpec, session: Session) -> None:
    """The file exists and is undamaged, its header is that of these weights, and its tensors fit its architecture."""
    path = find_vae(spec.name, session.registry)
    assert path.exists(), f"{spec.resource} is missing; add it to the package's data"
    _, info = load_vae(path, session.registry)
    assert info.name == spec.name, (
        f"the header of {path.name} says {info.name}, not {spec.name}; write that with update_info"
    )
    assert info.sealed, f"{path.name} has no checksums; write it again with save_vae"


def check_output(spec: WeightsSpec, session: Session, recorded: Path) -> None:
    """A picture decodes to the recorded pixels; where they are missing, they are written, with a warning."""
    if not isinstance(load_vae(find_vae(spec.name, session.registry), session.registry)[0], VAE):
        return
    now = _output(spec, session)
    record = json.loads(recorded.read_text(encoding="utf-8")) if recorded.exists() else {}
    if spec.name not in record:
        record[spec.name] = np.round(now, 5).tolist()
        lines = [f"{json.dumps(name)}: {json.dumps(record[name])}" for name in sorted(record)]
        recorded.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        warnings.warn(f"{recorded} is new for {spec.name}; keep it with the tests", stacklevel=2)
        return
    error = np.abs(np.array(record[spec.name]) - now).max()
    assert error <= TOLERANCE, (
        f"{spec.name} decodes to pixels that differ from {recorded} by {error:.2g} of [0, 1]; if that is meant, delete "
        f"{spec.name} there and run the check again"
    )


def _output(spec: WeightsSpec, session: Session) -> NDArray[np.float32]:
    """Some pixels (rows, columns, C) in [0, 1] of what a synthetic picture decodes to."""
    values = reconstructed(session.vae(spec.name), "16-bit").floats()
    rows, columns = (np.linspace(0, side - 1, SPOTS).astype(int) for side in values.shape[:2])
    spots: NDArray[np.float32] = values[np.ix_(rows, columns)]
    return spots

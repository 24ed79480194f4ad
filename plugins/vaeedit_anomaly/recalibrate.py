"""Makes the calibration of a model anew, from new normal images; the network stays as it is."""

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import torch

from vaeedit.api import (
    ImageError,
    Session,
    UsageError,
    console,
    image_files,
    read,
    save_vae,
    working,
)
from vaeedit_anomaly.calibrate import calibrated, inspector_of
from vaeedit_anomaly.calibration import Calibration
from vaeedit_anomaly.operation import calibration_of
from vaeedit_anomaly.sizes import prepared, refuse_size
from vaeedit_anomaly.survey import FEWEST, HELD_OUT, Survey


def recalibrate(
    normals: Path, vae: str, output: Path, session: Session, false_alarms: float | None = None
) -> Calibration:
    """Write the model `vae` with a calibration by the normal images of a folder to `output`, and return that calibration.

    Everything else stays, except figures of evaluations, which were those of the old calibration. Without `false_alarms` the
    stated share stays, too. Raises UsageError for a VAE that was not fitted, and for images that do not fit it.
    """
    loaded = session.vae(vae)
    old = calibration_of(loaded.info.name, loaded.info.calibration)
    paths = tuple(suitable(normals, old))
    chosen = Survey((), paths, old.preparation, old.areas, crop=0, doubts=())
    see = inspector_of(session, Path(vae), old.preparation)
    stated = old.false_alarms if false_alarms is None else false_alarms
    layout = loaded.info.config.get("layout", "aligned")
    new = calibrated(see, chosen, stated, layout=layout)
    info = msgspec.structs.replace(loaded.info, calibration=msgspec.to_builtins(new), figures={})
    assert isinstance(loaded.network, torch.nn.Module)
    save_vae(output, loaded.network, info)
    return new


def suitable(normals: Path, old: Calibration) -> Iterator[Path]:
    """The images of a folder and its subfolders that calibrate a model; an image that cannot be read is a warning.

    At most as many as `fit` holds out, drawn at random. Raises UsageError for too few images, and for one that the model was
    not made for.
    """
    if not normals.is_dir():
        raise UsageError(f"There is no folder {normals}.")
    paths = image_files([normals], recursive=True)
    random.Random(0).shuffle(paths)
    if len(paths) > HELD_OUT[1]:
        console.note(
            f"{normals} holds {len(paths)} images; {HELD_OUT[1]} of them, drawn at random, are enough."
        )
    found = 0
    for path in paths:
        if found == HELD_OUT[1]:
            break
        try:
            frame = working(read(path))
        except ImageError as error:
            console.warn(str(error))
            continue
        try:
            refuse_size(frame, old.areas)
            prepared(frame, old.preparation)
        except ImageError as error:
            raise UsageError(f"{path} does not fit the model. {error}") from None
        found += 1
        yield path
    if found < FEWEST:
        raise UsageError(
            f"{normals} holds {found} readable image{'' if found == 1 else 's'}; at least {FEWEST} normal images are needed, "
            "and some dozens are better."
        )

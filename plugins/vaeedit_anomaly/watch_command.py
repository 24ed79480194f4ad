"""The command `vaeedit anomaly watch`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from vaeedit.api import (
    Duration,
    Session,
    UsageError,
    VaeInfo,
    console,
    debug_option,
    device_option,
    digest,
    make_folder,
)
from vaeedit_anomaly.params import false_alarms_option, fast_option, model_option
from vaeedit_anomaly.score import ANOMALOUS

if TYPE_CHECKING:
    from vaeedit_anomaly.alarms import Alarms
    from vaeedit_anomaly.arrivals import Arrivals
    from vaeedit_anomaly.drift import Drift
    from vaeedit_anomaly.watch import Station


def _watch(
    folder: str,
    vae: str,
    false_alarms: float | None,
    fast: bool,
    table: str | None,
    move: str | None,
    copy: str | None,
    every: float,
    once: bool,
    new_only: bool,
    fail_on_anomaly: bool,
    as_json: bool,
    device: str,
    debug: bool,
) -> int:
    from vaeedit_anomaly.arrivals import Arrivals
    from vaeedit_anomaly.log import Log
    from vaeedit_anomaly.operation import calibration_of  # imports torch
    from vaeedit_anomaly.scoring import Scorer
    from vaeedit_anomaly.watch import Station, watch

    _require_sensible(folder, table, move, copy, once=once, new_only=new_only)
    with Session(device=device) as session:
        info = session.vae(vae).info
        calibration = calibration_of(info.name, info.calibration, fast=fast)
        log = Log(Path(table) if table else None, _identity(info) + (" fast" if fast else ""))
        scorer = Scorer(session, vae, false_alarms, fast=fast)
        station = Station(
            lambda path: scorer(path)[0],
            log,
            _alarms(move, copy),
            _drift(calibration.held_out_scores, log.scores),
            as_json,
        )
        arrivals = Arrivals(Path(folder), log.knows, console.warn)
        watch(arrivals, station, every, once=once, only_new=new_only)
    return _ended(station, arrivals, once=once, fail_on_anomaly=fail_on_anomaly)


def _require_sensible(
    folder: str, table: str | None, move: str | None, copy: str | None, *, once: bool, new_only: bool
) -> None:
    """Raise UsageError for flags that contradict each other."""
    if not Path(folder).is_dir():
        raise UsageError(f"There is no folder {folder}.")
    if once and new_only:
        raise UsageError("With --once and --new-only there is nothing to do; leave out one of them.")
    if move and copy:
        raise UsageError("Alarms are either moved or copied; leave out --move-alarms or --copy-alarms.")
    alarms = move or copy
    if alarms and Path(alarms).exists() and Path(alarms).samefile(folder):
        raise UsageError(f"Alarms cannot be put into {folder}, which is watched; name another folder.")
    if table and not Path(table).absolute().parent.is_dir():
        raise UsageError(f"{table} cannot be written: there is no folder {Path(table).parent}.")


def _identity(info: VaeInfo) -> str:
    """The name of a model with a mark of its calibration, for the table: scores of two calibrations cannot be compared."""
    return f"{info.name} {digest(msgspec.json.encode(info.calibration))[:8]}"


def _alarms(move: str | None, copy: str | None) -> "Alarms | None":
    from vaeedit_anomaly.alarms import Alarms

    folder = move or copy
    if folder is None:
        return None
    make_folder(Path(folder))
    return Alarms(Path(folder), moves=move is not None)


def _drift(held_out: Sequence[float], before: Sequence[float]) -> "Drift | None":
    """The test of drift, after the scores of the table; None, with a remark, for a model of an older version."""
    from vaeedit_anomaly.drift import Drift

    if not held_out:
        console.note(
            "Drift is not watched: the model is of an older version, without the scores of its calibration. "
            "Add them with new normal images: vaeedit anomaly recalibrate, or vaeedit anomaly fit."
        )
        return None
    drift = Drift(held_out)
    drift.resume(before)
    return drift


def _ended(station: "Station", arrivals: "Arrivals", *, once: bool, fail_on_anomaly: bool) -> int:
    """Print the summary; returns the exit code."""
    if once and arrivals.changing:
        those = "1 image is" if arrivals.changing == 1 else f"{arrivals.changing} images are"
        console.note(f"{those} still being written, and left to the next run.")
    console.note(station.summary())
    if station.drift is not None and station.drift.drifted:
        console.note("At the end, scores differed from those of the calibration (drift).")
    if station.failed or arrivals.unreadable:
        return console.FAILED
    return ANOMALOUS if fail_on_anomaly and station.abnormal else console.OK


watch = click.Command(
    "watch",
    callback=_watch,
    params=[
        click.Argument(["folder"], metavar="FOLDER"),
        model_option(),
        false_alarms_option(),
        fast_option(),
        click.Option(
            ["--csv", "table"], metavar="FILE",
            help="Append a line for every image to this table; what it has already is not scored again.",
        ),
        click.Option(["--move-alarms", "move"], metavar="DIR", help="Move abnormal images to this folder."),
        click.Option(["--copy-alarms", "copy"], metavar="DIR", help="Copy abnormal images to this folder."),
        click.Option(
            ["--every"], type=Duration(), default=1.0, show_default="1s",
            help="Time between two looks into the folder; an image that has not changed between them is scored.",
        ),
        click.Option(["--once"], is_flag=True, default=False, help="Score what is there, and end."),
        click.Option(
            ["--new-only"], is_flag=True, default=False, help="Do not score images that are there at the start."
        ),
        click.Option(
            ["--fail-on-anomaly"], is_flag=True, default=False, help=f"Exit with {ANOMALOUS} if an image was abnormal."
        ),
        click.Option(["--json", "as_json"], is_flag=True, default=False, help="Print one JSON line per image."),
        device_option(),
        debug_option(),
    ],
    help="Score images as they come into a folder, until Ctrl-C; warn if scores drift away from those of the calibration.",
    epilog="Example: vaeedit anomaly watch incoming/ --vae part.vae.safetensors --csv day.csv --move-alarms alarms/",
)  # fmt: skip

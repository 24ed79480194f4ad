"""Run a pipeline over jobs: one line or JSON record for each file; one bad file never stops the others."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaeedit.cli import console
from vaeedit.cli.targets import STREAM, Job
from vaeedit.errors import ImageError, UsageError, VaeeditError

if TYPE_CHECKING:
    from vaeedit.image import Frame
    from vaeedit.operation import Result
    from vaeedit.pipeline import Pipeline
    from vaeedit.session import Session


@dataclass(frozen=True)
class Extras:
    """What to write beside the results: `pictures` maps compare and map names to paths (folders, of several inputs)."""

    pictures: Mapping[str, str] = field(default_factory=dict)
    overwrite: bool = False
    as_json: bool = False
    debug: bool = False


def execute(pipeline: "Pipeline", settings: Mapping[str, Any], jobs: Sequence[Job], extras: Extras) -> int:
    """Run every job and return the exit code: 0 all done, 1 some failed (each named)."""
    sides = [side_paths(job, extras, several=len(jobs) > 1) for job in jobs]  # faults in names come first
    from vaeedit.session import Session

    failed = 0
    with Session(**settings) as session:
        pipeline.check(session.registry)
        for job, side in zip(jobs, sides, strict=True):
            try:
                with console.progress(job.name):
                    record = _run(session, pipeline, job, side)
            except UsageError:
                raise
            except (VaeeditError, MemoryError) as error:
                if extras.debug:
                    raise
                failed += 1
                cause = str(error) or f"{job.name} does not fit into memory; try a smaller --tile."
                _report_failure(job, cause, extras.as_json)
            else:
                _report_success(record, job, extras.as_json)
    if len(jobs) > 1 and not extras.as_json:
        console.note(f"{len(jobs) - failed} of {len(jobs)} done.")
    return console.FAILED if failed else console.OK


def side_paths(job: Job, extras: Extras, *, several: bool) -> dict[str, Path]:
    """Where each side picture of a job goes; raises UsageError for names that cannot be meant."""
    from vaeedit.image.files import FORMATS

    paths: dict[str, Path] = {}
    for name, text in extras.pictures.items():
        path = Path(text)
        if several:
            stem = job.source.stem if job.source else "stdin"
            path = path / f"{stem}.{name}.png"
        elif path.suffix.lower() not in FORMATS:
            raise UsageError(f"--{name} {path} does not end in a picture format ({', '.join(FORMATS)}).")
        others = {other.resolve() for other in (job.source, job.target, *paths.values()) if other is not None}
        if path.resolve() in others:
            raise UsageError(f"--{name} {path} is already an input or output.")
        if path.exists() and not extras.overwrite:
            raise UsageError(f"{path} exists; say --exists overwrite.")
        paths[name] = path
    return paths


def _run(session: "Session", pipeline: "Pipeline", job: Job, sides: Mapping[str, Path]) -> dict[str, Any]:
    """Read, edit, write; returns the record of what was done."""
    from vaeedit.image import compare, read_bytes, write

    started = time.perf_counter()
    data = _bytes_of(job)
    frame = read_bytes(data, job.name)
    result = session.run(pipeline, frame)
    warnings = _deliver(result, frame, data, job)
    for name, path in sides.items():
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
        warnings += write(compare(frame, result.frame) if name == "compare" else result.maps[name], path)
    return {
        "input": job.name,
        "output": STREAM if job.target is None else str(job.target),
        "status": "done",
        "width": frame.width,
        "height": frame.height,
        "seconds": round(time.perf_counter() - started, 3),
        "notes": result.notes,
        "warnings": warnings,
        **{name: str(path) for name, path in sides.items()},
    }


def _bytes_of(job: Job) -> bytes:
    if job.source is None:
        return sys.stdin.buffer.read()
    try:
        return job.source.read_bytes()
    except OSError as error:
        raise ImageError(f"{job.source} cannot be read: {(error.strerror or str(error)).lower()}.") from error


def _deliver(result: "Result", frame: "Frame", data: bytes, job: Job) -> list[str]:
    """Write the image; an untouched one keeps its very bytes, so that nothing is encoded twice."""
    from vaeedit.image import format_of, write, write_bytes, write_whole

    if result.frame is frame and job.source and job.target and job.source.suffix == job.target.suffix:
        write_whole(job.target, data)
        return []
    if job.target is not None:
        return write(result.frame, job.target)
    encoded, warnings = write_bytes(result.frame, format_of(job.source) if job.source else "PNG")
    sys.stdout.buffer.write(encoded)
    sys.stdout.buffer.flush()
    return warnings


def _report_success(record: dict[str, Any], job: Job, as_json: bool) -> None:
    for warning in record["warnings"]:
        console.warn(warning)
    if job.target is None:
        return  # stdout carries the picture
    if as_json:
        console.say_json(record)
        return
    notes = [
        f"{name} {value}"
        for step in record["notes"].values()
        for name, value in step.items()
        if name != "seconds"
    ]
    notes.append(f"{record['seconds']} s")
    console.say(f"{record['input']} -> {record['output']}  ({', '.join(notes)})")


def _report_failure(job: Job, cause: str, as_json: bool) -> None:
    console.complain(cause)
    if as_json and job.target is not None:
        console.say_json({"input": job.name, "status": "failed", "error": cause})

"""Run a pipeline over jobs: one line or JSON record for each file; one bad file never stops the others."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaeedit.cli import console
from vaeedit.cli.targets import STREAM, Job, make_folder
from vaeedit.errors import ImageError, UsageError, VaeeditError

if TYPE_CHECKING:
    from vaeedit.image import Frame
    from vaeedit.operation import Result
    from vaeedit.pipeline import Pipeline
    from vaeedit.session import Session


@dataclass(frozen=True)
class Extras:
    """What to write beside the results.

    `pictures` maps compare and map names to paths (folders, of several inputs); maps in `beside` become
    OUTPUT.NAME.png next to each output.
    """

    pictures: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    overwrite: bool = False
    as_json: bool = False
    debug: bool = False


def execute(pipeline: "Pipeline", settings: Mapping[str, Any], jobs: Sequence[Job], extras: Extras) -> int:
    """Run every job and return the exit code: 0 all done, 1 some failed (each named)."""
    todo = [job for job in jobs if not job.skipped]
    for job in jobs:
        if job.skipped:
            _report_skipped(job, extras.as_json)
    sides = side_paths(todo, extras, several=len(jobs) > 1)  # faults in names come first
    return _execute(pipeline, settings, list(zip(todo, sides, strict=True)), extras) if todo else console.OK


def _execute(
    pipeline: "Pipeline",
    settings: Mapping[str, Any],
    work: Sequence[tuple[Job, dict[str, Path]]],
    extras: Extras,
) -> int:
    from vaeedit.session import Session

    failed = 0
    with Session(**settings) as session:
        pipeline.check(session.registry)
        for job, side in work:
            try:
                with console.progress(job.name):
                    record = _run(session, pipeline, job, side)
            except UsageError:
                raise
            except (VaeeditError, MemoryError) as error:
                if extras.debug:
                    raise
                failed += 1
                _report_failure(job, _cause(error, job), extras.as_json)
            else:
                _report_success(record, job, extras.as_json)
    if len(work) > 1 and not extras.as_json:
        console.note(f"{len(work) - failed} of {len(work)} done.")
    return console.FAILED if failed else console.OK


def side_paths(jobs: Sequence[Job], extras: Extras, *, several: bool) -> list[dict[str, Path]]:
    """Where each side picture of each job goes; raises UsageError for names that cannot be meant."""
    taken = {path.resolve() for job in jobs for path in (job.source, job.target) if path is not None}
    sides = []
    for job in jobs:
        paths = {name: _side_path(name, text, job, several) for name, text in extras.pictures.items()}
        paths |= {name: _path_beside(name, job) for name in extras.beside}
        for name, path in paths.items():
            if path.resolve() in taken:
                raise UsageError(f"--{name} {path} is already an input or output.")
            if path.exists() and not extras.overwrite:
                raise UsageError(f"{path} exists; say --exists overwrite.")
            taken.add(path.resolve())
        sides.append(paths)
    return sides


def _side_path(name: str, text: str, job: Job, several: bool) -> Path:
    """The file itself, or of several inputs one file each in the folder `text`."""
    from vaeedit.image.files import FORMATS

    path = Path(text)
    if several or path.is_dir() or text.endswith(("/", "\\")):
        return path / f"{job.source.stem if job.source else 'stdin'}.{name}.png"
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"--{name} {path} does not end in a picture format ({', '.join(FORMATS)}).")
    return path


def _path_beside(name: str, job: Job) -> Path:
    if job.target is None:
        raise UsageError(f"The map {name} of the pipeline needs an output file, not standard output.")
    return job.target.with_name(f"{job.target.stem}.{name}.png")


def _run(session: "Session", pipeline: "Pipeline", job: Job, sides: Mapping[str, Path]) -> dict[str, Any]:
    """Read, edit, write; returns the record of what was done."""
    from vaeedit.image import compare, read_bytes, write
    from vaeedit.image.files import FORMATS

    started = time.perf_counter()
    data = _bytes_of(job)
    frame = read_bytes(data, job.name)
    if job.target is not None and job.target.suffix.lower() not in FORMATS:
        raise ImageError(f"{job.target} does not end in a picture format; name the output with -o.")
    result = session.run(pipeline, frame)
    warnings = _deliver(result, frame, data, job)
    for name, path in sides.items():
        make_folder(path.parent)
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
    from vaeedit.image import write, write_bytes, write_whole
    from vaeedit.image.files import FORMATS

    kind = FORMATS.get(job.source.suffix.lower()) if job.source else None
    if job.target is not None:
        make_folder(job.target.parent)
        if result.frame is frame and kind == FORMATS[job.target.suffix.lower()]:
            write_whole(job.target, data)
            return []
        return write(result.frame, job.target)
    warnings: list[str] = []
    if result.frame is not frame:
        data, warnings = write_bytes(result.frame, kind or "PNG")
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return warnings


def _cause(error: BaseException, job: Job) -> str:
    """What went wrong, in a sentence that names the input."""
    if isinstance(error, MemoryError):
        return f"{job.name} does not fit into memory; try a smaller --tile."
    return str(error) if job.name in str(error) else f"{job.name}: {error}"


def _report_success(record: dict[str, Any], job: Job, as_json: bool) -> None:
    for warning in record["warnings"]:
        console.warn(warning)
    if job.target is None:
        return  # stdout carries the picture
    if as_json:
        console.say_json(record)
        return
    notes = [
        f"{name.replace('_', ' ')} {value}"
        for step in record["notes"].values()
        for name, value in step.items()
        if name != "seconds"
    ]
    notes.append(f"{record['seconds']} s")
    console.say(f"{record['input']} -> {record['output']}  ({', '.join(notes)})")


def _report_skipped(job: Job, as_json: bool) -> None:
    if as_json:
        console.say_json({"input": job.name, "output": str(job.target), "status": "skipped"})
    else:
        console.note(f"{job.name}: {job.target} exists; skipped.")


def _report_failure(job: Job, cause: str, as_json: bool) -> None:
    console.complain(cause)
    if as_json and job.target is not None:
        console.say_json({"input": job.name, "status": "failed", "error": cause})

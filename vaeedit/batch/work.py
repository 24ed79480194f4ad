"""The work of one worker: it reads, edits and writes pictures; reading and writing overlap with computing."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.deliver import Parts, add_part, removed_on_error
from vaeedit.batch.jobs import Job
from vaeedit.batch.journal import Record
from vaeedit.batch.lines import digest
from vaeedit.batch.memory import Managed, run_within_memory
from vaeedit.batch.overlap import overlapped
from vaeedit.batch.sources import STREAM
from vaeedit.devices import resolve_precision
from vaeedit.errors import (
    ImageError,
    PluginError,
    UsageError,
    VaeeditError,
    WeightsError,
    is_out_of_memory,
    unexpected,
)
from vaeedit.image import (
    FILMS,
    FORMATS,
    Frame,
    compare,
    described,
    film_bytes,
    format_of,
    read_bytes,
    without_note,
    write_bytes,
)
from vaeedit.limits import PICTURE, read_regular, read_stream
from vaeedit.run.operation import Result
from vaeedit.run.session import Session


@dataclass(frozen=True)
class Attempt:
    """The state of one job between reading and writing."""

    job: Job
    started: float
    data: bytes = b""
    frame: Frame | None = None
    done: Managed | None = None
    error: str = ""


class Worker:
    """Does jobs with one session. An error of a file goes into its record; a wrong request or an unusable VAE raises.

    `on_failure` is called with the exception of every file that fails.
    """

    def __init__(self, spec: BatchSpec, on_failure: Callable[[Exception], None] | None = None) -> None:
        self.spec, self.on_failure = spec, on_failure
        self.session = Session(spec.settings)
        self._spare: Session | None = None
        _use_threads(spec.threads)

    def records(self, jobs: Iterable[Job | None]) -> Iterator[Record]:
        """Yield the record of every job, in order. A None among the jobs means that there is none yet."""
        return overlapped(jobs, self._read, self._compute, self._write)

    def _read(self, job: Job) -> Attempt:
        attempt = Attempt(job, time.perf_counter())
        try:
            if job.source is None:
                data = read_stream(sys.stdin.buffer, job.name, PICTURE)
            else:
                data = read_regular(job.source, PICTURE)
            frame = read_bytes(data, job.name, damaged=self.spec.damaged)
            endings = {**FORMATS, **(FILMS if self.spec.plan.film else {})}
            if job.target is not None and job.target.suffix.lower() not in endings:
                raise ImageError(f"{job.target} does not end in a picture format; name the output with -o.")
            return replace(attempt, data=data, frame=frame)
        except Exception as error:
            return self._failed(attempt, error)

    def _compute(self, attempt: Attempt) -> Attempt:
        if attempt.frame is None:
            return attempt
        spare = self._on_cpu if self.spec.cpu_allowed else None
        try:
            done = run_within_memory(
                self.session,
                self.spec.plan,
                attempt.frame,
                spare=spare,
                careful=attempt.job.careful,
                name=attempt.job.source,
            )
            return replace(attempt, done=replace(done, result=_noted(done.result)))
        except (UsageError, WeightsError):
            raise  # it concerns every file
        except Exception as error:
            return self._failed(attempt, error)

    def _write(self, attempt: Attempt) -> Record:
        if attempt.done is not None:
            try:
                return self._delivered(attempt, attempt.done.result)
            except Exception as error:
                attempt = self._failed(attempt, error)
        return self._record(attempt, status="failed", error=attempt.error)

    def _delivered(self, attempt: Attempt, result: Result) -> Record:
        """Write the image, or its film, and the side pictures, under temporary names."""
        job, frame = attempt.job, attempt.frame
        assert frame is not None
        data, lost = (b"", []) if job.inspect_only else self._encoded(attempt, frame, result)
        warnings = [f"{job.name} is damaged: {frame.damage}."] if frame.damage else []
        if not job.inspect_only and data is not attempt.data:
            warnings += [f"{job.name}: {text}" for text in frame.warnings]
        warnings += [f"{job.name}: {text}" for text in result.warnings]
        warnings += [f"{job.output}: {text}" for text in lost]
        sides: dict[str, str] = {}
        parts: Parts = []
        with removed_on_error(parts):
            for name, path in job.sides.items():
                if name != "compare" and name not in result.maps:
                    continue  # the map of a step that was skipped
                picture = compare(frame, result.frame) if name == "compare" else result.maps[name]
                side, lost = write_bytes(picture, format_of(path))
                warnings += [f"{path}: {text}" for text in lost]
                sides[name] = add_part(parts, path, side, job.run)
            if job.target is not None:
                add_part(parts, job.target, data, job.run)
            fingerprint = self.spec.fingerprint(attempt.data, job)
        if job.output == STREAM:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        return self._record(
            attempt,
            status="done",
            width=frame.width,
            height=frame.height,
            fingerprint=fingerprint,
            written="" if job.inspect_only else digest(data),
            sides={name: str(job.sides[name]) for name in sides},
            sides_written=sides,
            parts=parts,
            notes=dict(result.notes),
            warnings=warnings,
            rungs=attempt.done.rungs if attempt.done else [],
        )

    def _encoded(self, attempt: Attempt, frame: Frame, result: Result) -> tuple[bytes, list[str]]:
        """Return the output's bytes, and warnings of what its format lost. An unchanged image keeps the input's bytes."""
        job, policy = attempt.job, self.spec.metadata
        film = FILMS.get(job.target.suffix.lower()) if job.target else None
        if film and result.film:
            return film_bytes(result.film, film)
        kind = FORMATS.get(job.source.suffix.lower()) if job.source else None
        wanted, quality = format_of(job.target) if job.target else job.format, self.spec.quality
        edited = result.frame if self.spec.provenance else without_note(result.frame)
        unchanged = edited is frame and not frame.damage and quality is None
        if unchanged and kind == wanted and policy == "keep":
            return attempt.data, []
        made = None
        if self.spec.provenance and result.frame is not frame:
            made = self.spec.note_after(frame.metadata)
        return write_bytes(described(edited, made, wanted, policy), wanted, quality)

    def _record(self, attempt: Attempt, **members: object) -> Record:
        job, done = attempt.job, attempt.done
        session, tile = (done.session, done.tile) if done else (self.session, self.session.settings.tile)
        if done and tile is None:
            tile = next((note["tile"] for note in done.result.notes.values() if "tile" in note), None)
        depth = attempt.frame.depth if attempt.frame else 8
        precision = resolve_precision(session.settings.precision, session.device, depth)
        return Record(
            input=job.name,
            output=job.output,
            seconds=round(time.perf_counter() - attempt.started, 3),
            device=str(session.device),
            precision=str(precision).removeprefix("torch."),
            tile=tile,
            seed=self.spec.seed,
            steps=self.spec.steps,
            **members,  # type: ignore[arg-type]
        )

    def _failed(self, attempt: Attempt, error: Exception) -> Attempt:
        """Return the attempt with an error message that names the input."""
        if self.on_failure is not None:
            self.on_failure(error)
        name = attempt.job.name
        if isinstance(error, VaeeditError):
            text = str(error) if name in str(error) else f"{name}: {error}"
        elif is_out_of_memory(error):
            text = f"{name} does not fit into memory; try a smaller --tile."
        else:
            text = f"{name}: {unexpected(error)}"
        return replace(attempt, done=None, error=text)

    def _on_cpu(self) -> Session:
        if self._spare is None:
            self._spare = Session(msgspec.structs.replace(self.spec.settings, device="cpu"))
        return self._spare


def _noted(result: Result) -> Result:
    """Return the result with notes as plain JSON values; raises PluginError for notes that are none."""
    try:
        return replace(result, notes=msgspec.to_builtins(dict(result.notes), str_keys=True))
    except Exception as error:
        raise PluginError(f"A note of its operation cannot be written as JSON: {error}.") from error


def _use_threads(count: int | None) -> None:
    """Limit the CPU threads of this process, so that workers do not compete for cores."""
    if count is None:
        return
    import cv2
    import torch

    torch.set_num_threads(count)
    cv2.setNumThreads(count)

"""The work of one worker: it reads, edits and writes pictures; reading and writing overlap with computing."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import chdir
from dataclasses import dataclass, field, replace

import msgspec

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.deliver import Parts, add_part, removed_on_error
from vaeedit.batch.jobs import Job
from vaeedit.batch.journal import Record
from vaeedit.batch.lines import digest
from vaeedit.batch.memory import Managed, run_within_memory
from vaeedit.batch.outputs import Outputs
from vaeedit.batch.overlap import overlapped
from vaeedit.batch.sources import STREAM
from vaeedit.errors import (
    ImageError,
    UsageError,
    VaeeditError,
    WeightsError,
    is_out_of_memory,
    unexpected,
)
from vaeedit.image import FILMS, FORMATS, Frame, Pages, opened, single
from vaeedit.limits import PICTURE, read_regular, read_stream
from vaeedit.run.operation import Result
from vaeedit.run.session import Session


@dataclass(frozen=True)
class Attempt:
    """The state of one job between reading and writing."""

    job: Job
    started: float
    pages: Pages | None = None
    outputs: Outputs | None = None
    done: list[Managed] = field(default_factory=list)
    """What was made of each picture of the file."""
    error: str = ""


class Worker:
    """Does jobs with one session. An error of a file goes into its record; a wrong request or an unusable VAE raises.

    `on_failure` is called with the exception of every file that fails.
    """

    def __init__(self, spec: BatchSpec, on_failure: Callable[[Exception], None] | None = None) -> None:
        self.spec, self.on_failure = spec, on_failure
        self.session = Session(spec.settings)
        self._spare: Session | None = None
        _use_threads(spec.threads, with_torch=spec.plan.uses_vae)

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
            read = single if job.inspect_only or self.spec.plan.film else opened
            pages = read(data, job.name, damaged=self.spec.damaged)
            endings = {**FORMATS, **(FILMS if self.spec.plan.film else {})}
            if job.target is not None and job.target.suffix.lower() not in endings:
                raise ImageError(
                    f"{job.target} does not end in a picture format; name the output with -o, or choose a --format."
                )
            return replace(attempt, pages=pages)
        except Exception as error:
            return self._failed(attempt, error)

    def _compute(self, attempt: Attempt) -> Attempt:
        """Edit the picture, or each of several; several are encoded here, and a single one where it is written."""
        job, pages = attempt.job, attempt.pages
        if pages is None:
            return attempt
        try:
            outputs = Outputs(self.spec, job, pages)
            if len(pages) == 1:
                done = [self._edited(job, pages.first)]
            else:
                frames = iter(pages)
                done = list(
                    overlapped(
                        range(len(pages)),
                        lambda _: next(frames),
                        lambda frame: (frame, self._edited(job, frame)),
                        lambda pair: _encoded(outputs, *pair),
                    )
                )
            return replace(attempt, outputs=outputs, done=done)
        except (UsageError, WeightsError):
            raise  # it concerns every file
        except Exception as error:
            return self._failed(attempt, error)

    def _edited(self, job: Job, frame: Frame) -> Managed:
        spare = self._on_cpu if self.spec.cpu_allowed else None
        with chdir("."):  # undoes a change of the working folder by a plugin: outputs are relative to it
            return run_within_memory(
                self.session, self.spec.plan, frame, spare=spare, careful=job.careful, name=job.source
            )

    def _write(self, attempt: Attempt) -> Record:
        if attempt.done:
            try:
                return self._delivered(attempt)
            except Exception as error:
                attempt = self._failed(attempt, error)
        return self._record(attempt, status="failed", error=attempt.error)

    def _delivered(self, attempt: Attempt) -> Record:
        """Write the output and the side pictures under temporary names."""
        job, pages, outputs, done = attempt.job, attempt.pages, attempt.outputs, attempt.done
        assert pages is not None
        assert outputs is not None
        if len(pages) == 1:
            outputs.add(pages.first, done[0].result)
        encoded = outputs.finish()
        sides: dict[str, str] = {}
        parts: Parts = []
        with removed_on_error(parts):
            for name, side in encoded.sides.items():
                sides[name] = add_part(parts, job.sides[name], side, job.run)
            if job.target is not None:
                add_part(parts, job.target, encoded.data, job.run)
            fingerprint = self.spec.fingerprint(pages.data, job)
        if job.output == STREAM:
            sys.stdout.buffer.write(encoded.data)
            sys.stdout.buffer.flush()
        notes = [dict(each.result.notes) for each in done]
        return self._record(
            attempt,
            status="done",
            width=pages.first.width,
            height=pages.first.height,
            fingerprint=fingerprint,
            written="" if job.inspect_only else digest(encoded.data),
            sides={name: str(job.sides[name]) for name in sides},
            sides_written=sides,
            parts=parts,
            notes=notes[0] if len(pages) == 1 else {},
            pages=notes if len(pages) > 1 else [],
            warnings=encoded.warnings,
            rungs=list(dict.fromkeys(rung for each in done for rung in each.rungs)),
        )

    def _record(self, attempt: Attempt, **members: object) -> Record:
        job, done = attempt.job, attempt.done
        session = done[-1].session if done else self.session
        tile = min((each.tile for each in done if each.tile), default=None)
        if done and tile is None:
            notes = (note for each in done for note in each.result.notes.values())
            tile = next((note["tile"] for note in notes if "tile" in note), None)
        elif not done:
            tile = self.session.settings.tile
        device, precision = _hardware(session, attempt) if self.spec.plan.uses_vae else ("", "")
        return Record(
            input=job.name,
            output=job.output,
            seconds=round(time.perf_counter() - attempt.started, 3),
            device=device,
            precision=precision,
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
            cure = "; try a smaller --tile" if self.spec.plan.uses_vae else ""
            text = f"{name} does not fit into memory{cure}."
        else:
            text = f"{name}: {unexpected(error)}"
        return replace(attempt, done=[], error=text)

    def _on_cpu(self) -> Session:
        if self._spare is None:
            self._spare = Session(msgspec.structs.replace(self.spec.settings, device="cpu"))
        return self._spare


def _encoded(outputs: Outputs, frame: Frame, done: Managed) -> Managed:
    """Encode what was made of one of several pictures, and forget the pixels."""
    outputs.add(frame, done.result)
    return replace(done, result=Result(outputs.pages.first, notes=done.result.notes))


def _hardware(session: Session, attempt: Attempt) -> tuple[str, str]:
    """Return the device and the precision of VAEs, as a record names them."""
    from vaeedit.devices import resolve_precision

    depth = attempt.pages.first.depth if attempt.pages else 8
    precision = resolve_precision(session.settings.precision, session.device, depth)
    return str(session.device), str(precision).removeprefix("torch.")


def _use_threads(count: int | None, *, with_torch: bool) -> None:
    """Limit the CPU threads of this process, so that workers do not compete for cores."""
    if count is None:
        return
    import cv2

    cv2.setNumThreads(count)
    if with_torch:
        import torch

        torch.set_num_threads(count)

"""What to do with every file of a batch. It is planned and checked once, and sent to the workers unchanged."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vaeedit.batch.jobs import Job
from vaeedit.batch.journal import Record
from vaeedit.batch.lines import digest, encoded
from vaeedit.image import expanded
from vaeedit.limits import PICTURE, read_regular
from vaeedit.pipeline.recorded import Recorded
from vaeedit.settings import Damaged, Policy, Quality


@dataclass(frozen=True)
class BatchSpec(Recorded):
    """A plan, the settings of the sessions that run it, and how outputs are written."""

    threads: int | None = None
    """CPU threads of each worker; None leaves them as they are."""
    cpu_allowed: bool = False
    """Whether a file that does not fit into the GPU's memory may be edited on the CPU."""
    metadata: Policy = "keep"
    """Which metadata of the inputs the outputs keep."""
    provenance: bool = True
    """Whether the outputs record how they were made."""
    damaged: Damaged = "error"
    """What to do with damaged pictures."""
    quality: Quality | None = None
    """Quality of lossy outputs; None takes that of each input."""

    def failed(self, job: Job, why: str) -> Record:
        """Return the record of a job that has failed with its process; it names code that is not of vaeedit itself."""
        blame = f"; it runs code of other packages: {', '.join(self.foreign)}" if self.foreign else ""
        return Record(
            input=job.name,
            output=job.output,
            status="failed",
            steps=self.steps,
            error=f"{job.name}: {why}{blame}.",
        )

    def fingerprint(self, data: bytes, job: Job) -> str:
        """Return the hash of an input's bytes and of everything that determines the output (not of the device)."""
        suffix = job.target.suffix.lower() if job.target else ""
        options = {
            **self.made,
            "metadata": self.metadata,
            "provenance": self.provenance,
            "damaged": self.damaged,
            "format": suffix,
            "quality": self.quality,
            "sides": sorted(job.sides),
        }
        extra = [read_regular(path, PICTURE) for path in self._extra_inputs(job)]
        return digest(data, encoded(options, "sorted"), *extra)

    def _extra_inputs(self, job: Job) -> Iterator[Path]:
        """Yield the extra inputs of all steps for one input."""
        for step in self.plan:
            for named in step.files(self.plan.folder, job.source).values():
                yield from (path for name in named for path in expanded(name))

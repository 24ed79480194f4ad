"""Counts of the results of a batch, and the report of `--report`."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vaeedit.batch.journal import Record
from vaeedit.batch.sinks import Sink
from vaeedit.errors import UsageError
from vaeedit.image.atomic import make_folder, write_whole
from vaeedit.limits import LIST, read_regular
from vaeedit.plain import plain_json


@dataclass
class Summary(Sink):
    """Counts the records of a batch; writes the counts to a JSON file at the end, if `report` names one."""

    report: Path | None = None

    done: int = 0
    skipped: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    """The error message of each failed input."""
    seconds: float = 0.0
    stopped: bool = False
    """Whether a failure ended the run early."""

    def take(self, record: Record) -> None:
        """Count one file."""
        if record.failed:
            self.failures[record.input] = record.error
        elif record.status == "done":
            self.done += 1
        else:
            self.skipped += 1

    def sentence(self, files: int | None) -> str:
        """Describe the result for a number of files; None means that the number was not known before."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        failed = f", {len(self.failures)} failed" if self.failures else ""
        early = " Stopped at the first failure." if self.stopped else ""
        of = "" if files is None else f" of {files}"
        return f"{self.done}{of} done{skipped}{failed}.{early}"

    def close(self) -> None:
        """Write the report; raises ImageError if it cannot be written."""
        if self.report is None:
            return
        make_folder(self.report.parent)
        lines = json.dumps(self.as_dict(), indent=2, ensure_ascii=False).split("\n")
        write_whole(self.report, "".join(f"{plain_json(line)}\n" for line in lines).encode())

    def require_replaceable(self) -> None:
        """Raise UsageError if the report would replace a file that is not the report of an earlier run."""
        if self.report is None or not os.path.lexists(self.report):
            return
        try:
            members = json.loads(read_regular(self.report, LIST, UsageError))
        except (ValueError, RecursionError, UsageError):
            members = None
        if not isinstance(members, dict) or members.keys() != self.as_dict().keys():
            raise UsageError(
                f"{self.report} exists and is no report; use --exists overwrite, or name another --report."
            )

    def as_dict(self) -> dict[str, Any]:
        """Return the members of the report."""
        files = self.done + len(self.failures)
        return {
            "done": self.done,
            "skipped": self.skipped,
            "failed": len(self.failures),
            "stopped_early": self.stopped,
            "seconds": round(self.seconds, 3),
            "seconds_per_file": round(self.seconds / files, 3) if files else None,
            "failures": [{"input": name, "error": text} for name, text in self.failures.items()],
        }

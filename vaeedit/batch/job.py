"""A job: one input of a batch, and where its results go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vaeedit.batch.journal import key_of
from vaeedit.batch.sources import STREAM
from vaeedit.image.atomic import this_process


@dataclass(frozen=True)
class Job:
    """One input, where its result goes, and the side pictures (maps and comparisons) by name.

    The source None means standard input; the target None means standard output or, with `inspect_only`, no result.
    """

    source: Path | None
    """The input file; None: standard input."""
    target: Path | None
    """The file of the result; None: standard output or no result."""
    relative: Path = Path()
    """The input's path relative to the folder that was searched."""
    inspect_only: bool = False
    """Whether only the notes and the side pictures are wanted."""
    skipped: bool = False
    """Whether the target exists and must stay."""
    fault: str = ""
    """Why it cannot be done, if planning found that."""
    sides: Mapping[str, Path] = field(default_factory=dict)
    """Files of the side pictures by name."""
    careful: bool = False
    """Whether an earlier attempt has killed its worker process."""
    in_place: bool = False
    """Whether the result replaces the input."""
    format: str = ""
    """The format of a result on standard output; empty takes PNG or, for several pictures, that of the input."""
    run: str = field(default_factory=this_process)
    """The process of its run; the names of temporary files contain it."""

    @property
    def name(self) -> str:
        """The input's name in messages."""
        return "standard input" if self.source is None else str(self.source)

    @property
    def output(self) -> str:
        """Where the result goes, as in the record."""
        if self.target is None:
            return "" if self.inspect_only or self.fault else STREAM
        return str(self.target)

    @property
    def key(self) -> str:
        """The same as `Record.key` of its record."""
        return key_of(self.name, self.output)

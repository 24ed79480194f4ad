"""The batches of a server: those that run or have run, and those of earlier servers that lie below the root."""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import msgspec

from vaeedit.batch.journal import NAME
from vaeedit.errors import UsageError
from vaeedit.extension.registry import Registry
from vaeedit.image.atomic import make_folder
from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.settings import Settings
from vaeedit.ui.batch.checked import pictures_of
from vaeedit.ui.batch.kept import PIPELINE, keep_pipeline
from vaeedit.ui.batch.listing import Listing
from vaeedit.ui.batch.request import Request, request_of
from vaeedit.ui.batch.running import Running, counted
from vaeedit.ui.below import below
from vaeedit.ui.harmless import require_harmless

MOST = 2
"""Most batches that run at a time, for all pages together."""


@dataclass
class Batches:
    """Starts, finds and stops batches. They go on when the page that started them is closed, and end with the server."""

    root: Path
    settings: Settings
    registry: Registry
    by_output: dict[str, Running] = field(default_factory=dict)
    """All that is known, by output folder."""
    _starting: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.root = below(self.root, "")
        self.listing = Listing(self.root)

    def refresh(self) -> None:
        """Read the journals of batches that run, and look for those of earlier servers."""
        for output in self.listing.now.batches:
            if output not in self.by_output:
                with suppress(UsageError):
                    self.by_output[output] = Running(self.root, request_of(self.root, output))
        for running in list(self.by_output.values()):
            running.filling.read()

    def count(self, request: Request, pipeline: Pipeline | None) -> str:
        """How many pictures a batch would edit, as a sentence; raises UsageError. Nothing below the root is written."""
        with TemporaryDirectory() as folder:
            todo, all_ = self._counted(request, pipeline, Path(folder))
        return f"{todo} of {all_} pictures would be edited."

    def start(self, owner: str, request: Request, pipeline: Pipeline | None) -> Running:
        """Start a batch for a sitting, with a pipeline of the tab Edit or the file that the request names.

        Raises VaeeditError; then nothing was written.
        """
        with self._starting, TemporaryDirectory() as folder:
            output = self._free(owner, request.output)
            request = msgspec.structs.replace(request, output=output)
            todo, _ = self._counted(request, pipeline, Path(folder))
            if not todo:
                raise UsageError("There is nothing to do: all outputs exist already.")
            if pipeline is not None:
                home = below(self.root, request.home)
                make_folder(home)
                shutil.copytree(folder, home, dirs_exist_ok=True)
                request = msgspec.structs.replace(request, pipeline=os.path.join(request.home, PIPELINE))
            request.keep(self.root)
            return self._begun(Running(self.root, request, owner, todo))

    def resume(self, owner: str, output: str) -> Running:
        """Go on with the batch in an output folder; raises VaeeditError."""
        with self._starting:
            request = request_of(self.root, self._free(owner, output))
            begun = below(self.root, os.path.join(request.output, NAME)).is_file()
            self._require_harmless(request)
            todo, _ = counted(self.root, request.words(self.settings, resume=begun))
            return self._begun(Running(self.root, request, owner, todo), resume=begun)

    def close(self) -> None:
        """Stop all batches, and wait until they have ended; their journals stay whole."""
        for running in self.by_output.values():
            running.stop()
        for running in self.by_output.values():
            running.end()

    def _begun(self, running: Running, *, resume: bool = False) -> Running:
        running.begin(self.settings, resume=resume)
        self.by_output[running.request.output] = running
        return running

    def _free(self, owner: str, output: str) -> str:
        """The normal form of an output folder; raises UsageError where no batch may start, or not in it."""
        output = os.path.normpath(output or ".")
        active = [running for running in self.by_output.values() if running.is_active]
        if any(running.owner == owner for running in active):
            raise UsageError("This page runs a batch already; stop it, or wait until it has ended.")
        if len(active) >= MOST:
            raise UsageError(
                f"{MOST} batches are running, which is the most; stop one, or wait until one has ended."
            )
        if any(running.request.output == output for running in active):
            raise UsageError(f"A batch writes to {output} already.")
        return output

    def _counted(self, request: Request, pipeline: Pipeline | None, folder: Path) -> tuple[int, int]:
        """The pictures to do, and all; raises UsageError for a batch that may not run.

        A pipeline of the tab Edit names only what `Places` allows, and is written to `folder`.
        """
        if pipeline is None:
            self._require_harmless(request)
        else:
            pictures_of(self.root, request, pipeline, self.registry)
            file = keep_pipeline(pipeline, folder, below(self.root, request.home))
            request = msgspec.structs.replace(request, pipeline=str(file))
        return counted(self.root, request.words(self.settings))

    def _require_harmless(self, request: Request) -> None:
        """Raise UsageError for a batch, or a pipeline file, that leads out of the root."""
        pipeline = Pipeline.from_file(below(self.root, request.pipeline))
        pictures = pictures_of(self.root, request, pipeline, self.registry)
        require_harmless(self.root, pipeline, self.registry, pictures)

"""The work folder of a fit, hidden beside its output: what an interrupted fit continues from."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from vaeedit.api import UsageError, digest, image_files, make_folder, write_whole

STATE = "state.json"
"""File with the state."""
PICTURES = "pictures"
"""What was asked about the pictures themselves; its values are no words for people."""

ANEW = "start anew with --exists overwrite and without --resume"


class State(msgspec.Struct):
    """What was asked for, by the name of an option, and what is done of it."""

    asked: dict[str, str]
    done: list[str] = []
    spent: float = 0.0
    """Seconds until the end of the last stage that is done."""


@dataclass
class Work:
    """The files of a fit that is not complete."""

    output: Path
    state: State = field(default_factory=lambda: State({}))

    @classmethod
    def open(cls, output: Path, asked: dict[str, str], *, resume: bool, replace: bool) -> "Work":
        """The work folder of a model; with `resume` the one that an interrupted fit has left.

        Raises UsageError if there is none to resume, if it was begun with other options, or if there is one that would be
        lost, unless `replace` is set.
        """
        work = cls(output, State(asked))
        if resume:
            work.state = work._left_behind()
            work._refuse_others(asked)
            return work
        if work.worth_keeping and not replace:
            raise UsageError(
                f"A fit of {output} was interrupted; continue it with --resume, or start anew with --exists overwrite."
            )
        work.remove()
        make_folder(work.folder)
        work._write()
        return work

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.output.with_name(f".{self.output.name}.fit")

    @property
    def normals(self) -> Path:
        """Folder of the images to learn from, at their working size."""
        return self.folder / "normals"

    @property
    def run(self) -> Path:
        """Folder of the training run."""
        return self.folder / "run"

    @property
    def draft(self) -> Path:
        """The model so far."""
        return self.folder / "draft.safetensors"

    @property
    def suspects(self) -> Path:
        """The ranking of the images by how suspicious they are, in JSON."""
        return self.folder / "suspects.json"

    @property
    def worth_keeping(self) -> bool:
        """True if it holds a trained network, or a part of the training."""
        return self.draft.exists() or any(self.run.glob("*.ckpt"))

    def finish(self, stage: str, spent: float) -> None:
        """Remember that a stage is done, after `spent` seconds in all."""
        self.state.done = [*dict.fromkeys([*self.state.done, stage])]
        self.state.spent = spent
        self._write()

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self) -> None:
        write_whole(self.folder / STATE, msgspec.json.encode(self.state))

    def _left_behind(self) -> State:
        try:
            return msgspec.json.decode((self.folder / STATE).read_bytes(), type=State)
        except FileNotFoundError:
            raise UsageError(
                f"There is no interrupted fit of {self.output} to continue; start it without --resume."
            ) from None
        except (OSError, msgspec.MsgspecError) as error:
            raise UsageError(
                f"{self.folder / STATE} cannot be read: {error}; start anew with --exists overwrite."
            ) from None

    def _refuse_others(self, asked: dict[str, str]) -> None:
        before = self.state.asked
        if before.get(PICTURES) != asked[PICTURES]:
            raise UsageError(
                f"The normal images are not those with which the fit of {self.output} was begun; name the same folder, "
                f"unchanged, or {ANEW}."
            )
        for name in sorted({*before, *asked} - {PICTURES}):
            if before.get(name) != asked.get(name):
                raise UsageError(
                    f"The fit of {self.output} was begun with {name} {before.get(name, 'unset')}, not with "
                    f"{asked.get(name, 'unset')}; repeat its options, or {ANEW}."
                )


def described(folder: Path) -> str:
    """The images in a folder as a digest of their names, sizes and times of change."""
    if not folder.is_dir():
        return ""
    facts = [
        (str(path.relative_to(folder)), (found := path.stat()).st_size, found.st_mtime_ns)
        for path in sorted(image_files([folder], recursive=True))
    ]
    return digest(repr(facts).encode("utf-8", "surrogateescape"))

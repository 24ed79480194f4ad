"""A training run: on what, where and for how long, apart from the recipe, which says what is learned."""

from dataclasses import dataclass
from pathlib import Path

from vaeedit.errors import UsageError

CHECKPOINT = "last.ckpt"
"""What Lightning calls the newest checkpoint."""


@dataclass(frozen=True)
class Budget:
    """How long to train: seconds, or, where given, steps (which repeat exactly on any machine)."""

    seconds: float = 2700.0
    steps: int | None = None

    def share(self, spent: float, step: int) -> float:
        """Share of the budget that is used up, from 0 to 1 and above."""
        return spent / self.seconds if self.steps is None else step / self.steps

    def __str__(self) -> str:
        return f"{self.seconds / 60:g} min" if self.steps is None else f"{self.steps} steps"


@dataclass(frozen=True)
class Run:
    """`data` is the folder of images, `folder` receives checkpoints every few minutes.

    With `resume` the last checkpoint is continued. `devices` processes work in parallel on batches of their own (by
    default one on the CPU, one for each GPU). With `compiled` every part of the network goes through torch.compile.
    """

    data: Path
    folder: Path
    budget: Budget = Budget()
    resume: bool = False
    devices: int | None = None
    compiled: bool = False
    interactive: bool = False
    held_out: int = 0
    """Images kept out of training to measure on, at most a tenth of all."""

    @property
    def checkpoint(self) -> Path:
        """The newest checkpoint, once there is one."""
        return self.folder / CHECKPOINT

    def check(self) -> None:
        """Refuse, with a UsageError, to train on nothing, to resume from nothing, or to overwrite a run."""
        if not self.data.is_dir():
            raise UsageError(f"There is no folder {self.data} to train on.")
        started = self.checkpoint.exists()
        if self.resume and not started:
            raise UsageError(f"{self.folder} holds no checkpoint to resume.")
        if started and not self.resume:
            raise UsageError(
                f"{self.folder} holds a run already; say --resume, or name another folder with --run."
            )

"""A training run: the data, the folder and the budget. The recipe defines everything else."""

from dataclasses import dataclass
from pathlib import Path

from vaeedit.errors import UsageError

CHECKPOINT = "last.ckpt"
"""Lightning's name of the newest checkpoint."""


@dataclass(frozen=True)
class Budget:
    """How long to train: for so many seconds or, where `steps` is set, for so many steps, which any machine can repeat."""

    seconds: float = 2700.0
    """Seconds of training, more than 0; not used where `steps` is set."""
    steps: int | None = None

    def share(self, spent: float, step: int) -> float:
        """Share of the budget that is used up, from 0 to 1 and above."""
        return spent / self.seconds if self.steps is None else step / self.steps

    def __str__(self) -> str:
        return f"{self.seconds / 60:g} min" if self.steps is None else f"{self.steps} steps"


@dataclass(frozen=True)
class Run:
    """What `train` needs beside a recipe."""

    data: Path
    """A folder of images, or another data source (`vaeedit.training.sources`)."""
    folder: Path
    """Receives a checkpoint every few minutes."""
    budget: Budget = Budget()
    """When it ends."""
    resume: bool = False
    """Continue from the newest checkpoint."""
    devices: int | None = None
    """Processes that train in parallel on batches of their own: by default one on the CPU, or one for each GPU."""
    compiled: bool = False
    """Use torch.compile for every part of the network."""
    interactive: bool = False
    """Show a progress bar instead of lines."""
    held_out: int = 0
    """Images that are held out from training to measure on, at most a tenth of all."""
    device: str = "auto"
    """Device to train on, as `--device` names it; auto: all GPUs, or the CPU."""
    save_every: float = 300.0
    """Seconds between checkpoints."""
    since: float | None = None
    """Value of `time.monotonic` from which seconds of the budget count; by default the beginning of the first step."""

    @property
    def checkpoint(self) -> Path:
        """File of the newest checkpoint."""
        return self.folder / CHECKPOINT

    def check(self) -> None:
        """Raise UsageError where there is no data or no checkpoint to resume, or where a run would be overwritten."""
        if not self.data.exists():
            raise UsageError(f"There is no folder or file {self.data} to train on.")
        started = self.checkpoint.exists()
        if self.resume and not started:
            raise UsageError(f"{self.folder} holds no checkpoint to resume; start a run without --resume.")
        if started and not self.resume:
            raise UsageError(
                f"{self.folder} holds a run already; continue it with --resume, or name another folder with --run."
            )

"""What every tab of the page is given."""

from dataclasses import dataclass
from pathlib import Path

from vaeedit.extension.registry import Registry
from vaeedit.settings import Settings
from vaeedit.ui.batch.batches import Batches
from vaeedit.ui.engine.desk import Desk
from vaeedit.ui.sittings import Sittings


@dataclass(frozen=True)
class Context:
    """The server's settings and its work."""

    settings: Settings
    """Device, precision and tile."""
    registry: Registry
    """Operations and VAEs that are installed."""
    root: Path | None
    """The folder in which batches run; nothing outside it is read or written."""
    runs: Path | None
    """The folder of training runs that are shown."""
    desk: Desk
    """Does the work, in processes of its own."""
    sittings: Sittings
    batches: Batches | None = None
    """The batches below the root; None without a root."""

"""What the fork server imports, once, so that a new worker is ready at once.

torch and OpenCV stay at one thread here: threads do not survive a fork, and a plugin may compute while it is imported. A
worker takes back the number of threads by `use_threads`. Nothing here asks for a GPU: CUDA does not survive a fork either.
"""

import gc
from contextlib import suppress

import cv2
import torch

import vaeedit.run.chain
import vaeedit.ui.engine.worker  # noqa: F401  # imported for the forks
from vaeedit.errors import VaeeditError
from vaeedit.extension.registry import registry
from vaeedit.extension.specs import load_target

THREADS = torch.get_num_threads(), cv2.getNumThreads()


def _imported() -> None:
    """Import the classes of all operations and architectures; whoever uses one that fails is told then."""
    known = registry()
    for table in (known.operations, known.architectures):
        for item in table.qualified.values():
            with suppress(VaeeditError, SystemExit):
                load_target(item.spec.target)


def use_threads() -> None:
    """Compute with as many threads as torch and OpenCV use by default."""
    torch.set_num_threads(THREADS[0])
    cv2.setNumThreads(THREADS[1])


torch.set_num_threads(1)
cv2.setNumThreads(1)
_imported()
gc.collect()
gc.freeze()  # memory that the forks share stays shared

"""A fork of a process that has computed with several threads gets an error and does not hang."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
import numpy as np
import torch
import vaeedit
from vaeedit.errors import UsageError

torch.set_num_threads({before})
frame = vaeedit.Frame(np.zeros((64, 64, 3), np.uint8))
session = vaeedit.Session(device="cpu")
step = vaeedit.Step("denoise", sigma=10)
session.run(step, frame)
child = os.fork()
if child == 0:
    torch.set_num_threads({after})
    try:
        ({session}).run(step, frame)
        print("done")
    except UsageError as error:
        print(error)
    sys.stdout.flush()
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    ("before", "after", "message"), [(2, 2, "forked"), (2, 1, "done"), (1, 1, "done"), (1, 2, "done")]
)
@pytest.mark.parametrize("session", ["session", 'vaeedit.Session(device="cpu")'], ids=["its", "new"])
def test_a_session_in_a_fork(before, after, message, session):
    program = PROGRAM.format(before=before, after=after, session=session)
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=900, env=environment
    )
    assert message in done.stdout, done

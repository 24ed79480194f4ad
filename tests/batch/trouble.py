"""A plugin whose operation makes trouble, of a kind that the width of the picture chooses."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

RAISING = {
    31: "an exception that cannot be pickled",
    32: "a note that cannot be written down",
    33: "a picture that cannot be encoded",
    34: "recursion without end",
    35: "SystemExit",
    36: "no memory",
    37: "an exception that cannot be printed",
    38: "notes nested too deeply",
}
KILLED, SLEEPS, STOPPED, HANGS, EXITS, CRASHES = 41, 42, 43, 44, 45, 46
"""Widths whose pictures end the process, sleep, stop it with SIGSTOP, keep it in native code, leave it, or crash it."""
GOOD = 24
"""Any other width does no harm."""

PLUGIN = """
from vaeedit.api import OperationSpec, hookimpl

@hookimpl
def vaeedit_operations():
    return [OperationSpec(name="trouble", summary="Of a test.", vae="denoise", target="acme_trouble_work:Trouble")]
"""

WORK = """
import os, re, signal, threading, time
from dataclasses import replace

from vaeedit.api import Inspect, Result

class Odd(Exception):
    def __init__(self):
        super().__init__(threading.Lock())

class Rude(Exception):
    def __str__(self):
        raise ValueError("no words")

def nested(depth):
    found = []
    for _ in range(depth):
        found = [found]
    return found

def recurse():
    recurse()

class Trouble(Inspect):
    def gather(self, index, latents):
        pass

    def before(self, frames):
        width = frames[0].width
        if width == 31:
            raise Odd()
        if width == 34:
            recurse()
        if width == 35:
            raise SystemExit("go away")
        if width == 36:
            raise MemoryError
        if width == 37:
            raise Rude()
        if width == 41:
            os.kill(os.getpid(), signal.SIGKILL)
        if width == 42:
            time.sleep(3600)
        if width == 43:
            os.kill(os.getpid(), signal.SIGSTOP)
        if width == 44:
            re.match("(a+)+$", "a" * 100 + "b")
        if width == 45:
            os._exit(0)
        if width == 46:
            os.kill(os.getpid(), signal.SIGSEGV)
        return frames

    def after(self, frames, originals):
        frame = replace(frames[0], pixels=frames[0].pixels.copy())
        if frame.width == 32:
            return Result(frame, notes={"what": object()})
        if frame.width == 33:
            return Result(replace(frame, pixels="nothing"))
        if frame.width == 38:
            return Result(frame, notes={"deep": nested(100_000)})
        return Result(frame)
"""


def install(folder: Path) -> dict[str, str]:
    """The plugin as an installed package in `folder`; gives the environment that finds it."""
    (folder / "acme_trouble.py").write_text(PLUGIN)
    (folder / "acme_trouble_work.py").write_text(WORK)
    info = folder / "acme_trouble-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-trouble\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[vaeedit]\nacme-trouble = acme_trouble\n")
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def picture(folder: Path, name: str, width: int = GOOD) -> Path:
    """A small picture of this width."""
    folder.mkdir(exist_ok=True)
    pixels = np.random.default_rng(width).integers(0, 256, (16, width, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(folder / name)
    return folder / name

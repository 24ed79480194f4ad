"""Fixtures of the command line's tests: run it as a process or in this one, make photographs, watch a folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vaeedit.cli.main import call

SCRIPT = Path(sys.executable).with_name("vaeedit")


@dataclass(frozen=True)
class Ran:
    """What a run gave back."""

    code: int
    out: str
    err: str

    def assert_refused(self, code: int, *fragments: str) -> None:
        """One error, no traceback, nothing on stdout, and every fragment in the sentence."""
        errors = [line for line in self.err.splitlines() if line.startswith("Error: ")]
        assert self.code == code, self
        assert len(errors) == 1, self.err
        assert "Traceback" not in self.err
        assert self.out == ""
        sentence = self.err[self.err.index("Error: ") :]
        for fragment in fragments:
            assert fragment in sentence, (fragment, sentence)


@pytest.fixture(scope="session")
def run_vaeedit() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """The installed script as a process of its own."""

    def run(
        *arguments: Any, cwd: Path, stdin: bytes = b"", **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(SCRIPT), *map(str, arguments)],
            cwd=cwd,
            input=stdin,
            capture_output=True,
            timeout=900,
            env={**os.environ, **environment},
        )

    return run


@pytest.fixture(scope="session")
def start_vaeedit() -> Callable[..., subprocess.Popen[bytes]]:
    """The installed script, still running, with Ctrl-C working even where pytest itself ignores it."""

    def start(*arguments: Any, cwd: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(SCRIPT), *map(str, arguments)],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    return start


@pytest.fixture
def vaeedit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """The command line in this process, inside `tmp_path`."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: Any) -> Ran:
        capsys.readouterr()
        code = call([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


def scene(height: int, width: int, channels: int, seed: int = 0, noise: float = 10.0) -> np.ndarray:
    """Float (H, W, C) in [0, 1]: smooth shapes with edges, and Gaussian noise of `noise` / 255."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    random = np.random.default_rng(seed)
    layers = []
    for _ in range(channels):
        a, b, c = random.uniform(0.02, 0.12, 3)
        layer = 0.5 + 0.2 * np.sin(a * rows + b * columns) + 0.15 * np.sign(np.sin(c * (rows - columns)))
        layers.append(layer + random.normal(0, noise / 255, (height, width)))
    return np.clip(np.stack(layers, -1), 0, 1)


@pytest.fixture(scope="session")
def photo() -> Callable[..., Path]:
    """Write a noisy 8-bit picture; the file name decides the format."""

    def make(
        path: Path, size: tuple[int, int] = (72, 88), channels: int = 3, seed: int = 0, **settings: Any
    ) -> Path:
        pixels = np.rint(scene(*size, channels, seed) * 255).astype(np.uint8)
        image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
        image.save(path, **({"quality": 95} if path.suffix == ".jpg" else {}), **settings)
        return path

    return make


@pytest.fixture(scope="session")
def pixels() -> Callable[[Path], np.ndarray]:
    """The pixels of an 8-bit picture, as integers."""

    def read(path: Path) -> np.ndarray:
        with Image.open(path) as image:
            return np.asarray(image).astype(np.int64)

    return read


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Every file and folder under a folder, with its bytes: equal before and after means nothing was written."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"folder"
            for path in sorted(folder.rglob("*"))
        }

    return read


@pytest.fixture(scope="session")
def psnr() -> Callable[[np.ndarray, np.ndarray], float]:
    """Peak signal-to-noise ratio of 8-bit pictures, in dB."""

    def measure(a: np.ndarray, b: np.ndarray) -> float:
        return float(10 * np.log10(255**2 / np.mean((a.astype(np.float64) - b) ** 2)))

    return measure

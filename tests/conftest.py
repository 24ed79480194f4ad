"""For tests of every folder."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a file system of so many kilobytes at tmp_path/disk; called again, it changes the size."""
    folder = tmp_path / "disk"

    def mount(kilobytes: int) -> Path:
        again = ["remount"] if folder.exists() else []
        folder.mkdir(exist_ok=True)
        options = ",".join([*again, f"size={kilobytes}k"])
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("there is no mount command")
        if done.returncode:
            folder.rmdir()
            pytest.skip(f"a small disk cannot be mounted: {done.stderr.strip()}")
        return folder

    yield mount
    if folder.exists():
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def toy_package(tmp_path, monkeypatch):
    """Makes and imports a package of a light and a heavy module, and files."""
    made = []

    def make(light, heavy, **files):
        name = f"toy_{len(made)}_{tmp_path.name.translate({ord(c): '_' for c in '-[]'})}"
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text(light.replace("{name}", name))
        (folder / "operation.py").write_text(heavy)
        for file, text in files.items():
            (folder / file.replace("_", ".")).write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
        made.append(name)
        return __import__(name)

    yield make
    for key in [key for key in sys.modules if key.partition(".")[0] in made]:
        del sys.modules[key]

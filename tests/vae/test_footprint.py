"""Memory: tensors are counted while they live, and what `pipeline check` expects is what a run takes."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from vaeedit.extension.registry import registry
from vaeedit.vae.files import VaeInfo, find_vae, save_vae
from vaeedit.vae.footprint import TensorMemory, expected_bytes

RUN = """
import sys
from vaeedit.cli.main import call
code = call(sys.argv[1:])
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) * 1024)
sys.exit(code)
"""
"""Unlike this, `ru_maxrss` begins with the size of the process that started it."""


def test_tensors_count_while_they_live_and_views_not_at_all():
    with TensorMemory() as memory:
        kept = torch.zeros(1000)
        view = kept.view(10, 100)[2:]
        for _ in range(3):
            view.add_(1)
            torch.ones(500)  # gone at once
        torch.ones(250)
    assert memory.peak == 4 * (1000 + 500)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from Linux")
def test_the_expected_memory_is_what_a_run_takes(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (1000, 2000, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "in.png")
    arguments = ["denoise", "in.png", "-o", "out.png", "--sigma", "5", "--precision", "float32"]
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    peak = int(done.stdout.split()[-1])
    expected = expected_bytes([find_vae("denoise", registry())])
    assert expected is not None
    assert 0.75 * peak < expected < 1.25 * peak  # the allocator's share differs between systems


def test_nothing_is_said_of_a_vae_that_was_never_measured(tmp_path):
    path = tmp_path / "mine.safetensors"
    info = VaeInfo(
        name="mine",
        architecture="none",
        config={},
        figures={"album": {"psnr": 30.0}, "note": {"bytes_per_pixel": "text"}},
    )
    save_vae(path, torch.nn.Linear(2, 2), info)
    assert expected_bytes([path, find_vae("denoise", registry())]) is None

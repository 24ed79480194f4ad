"""Every built-in plugin passes the checks that third parties run."""

import os
import tempfile
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from shutil import rmtree

import pytest

from small_model import small_model
from vaeedit.errors import MissingExtra
from vaeedit.extension.registry import GROUP
from vaeedit.testing import checks

BUILT_IN = sorted(point.value for point in entry_points(group=GROUP) if point.value.startswith("vaeedit_"))
FITTED = Path(tempfile.gettempdir(), f"vaeedit-contract-{os.getpid()}", "part.vae.safetensors")
VAES = {"vaeedit_anomaly": {"anomaly": FITTED}}
"""VAEs of operations without one of their own, by plugin."""
RECORDED = Path(__file__).with_name("contract") / "decoded.json"


@pytest.fixture(scope="module", autouse=True)
def _fitted():
    FITTED.parent.mkdir(exist_ok=True)
    small_model(FITTED)
    yield
    rmtree(FITTED.parent)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=f"{module}-{name}")
        for module in BUILT_IN
        for name, check in checks(import_module(module), vaes=VAES.get(module), recorded=RECORDED)
    ],
)
def test_it_keeps_the_contract(check):
    try:
        check()
    except MissingExtra as error:
        pytest.skip(str(error))

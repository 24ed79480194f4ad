"""A plugin written for contract 1 works for as long as contract 1 lives."""

import importlib
import sys
from pathlib import Path

from vaeedit.testing import parametrize_with_checks

sys.path.insert(0, str(Path(__file__).parent))
acme_grain = importlib.import_module("acme_grain")


@parametrize_with_checks(
    acme_grain,
    expected_failures={
        "imports-light": "the frozen plugin is not installed, so a fresh interpreter lacks it"
    },
)
def test_the_frozen_plugin_keeps_contract_1(check):
    check()

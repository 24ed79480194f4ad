"""Every built-in plugin passes the checks that third parties run."""

from importlib import import_module
from importlib.metadata import entry_points

import pytest

from vaeedit.errors import MissingExtra
from vaeedit.extension.registry import GROUP
from vaeedit.testing import checks

BUILT_IN = sorted(point.value for point in entry_points(group=GROUP) if point.value.startswith("vaeedit_"))


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=f"{module}-{name}")
        for module in BUILT_IN
        for name, check in checks(import_module(module))
    ],
)
def test_it_keeps_the_contract(check):
    try:
        check()
    except MissingExtra as error:
        pytest.skip(str(error))

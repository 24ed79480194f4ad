"""The plugin contract as checks, for the test suite of a plugin::

    import acme_grain
    from vaeedit.testing import parametrize_with_checks

    @parametrize_with_checks(acme_grain)
    def test_contract(check):
        check()

Every check is a separate test; the plugin's specs decide which checks apply. A check that is expected to fail
is named in `expected_failures={"check id": "reason"}`; then it is an error if it passes.
"""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from vaeedit.testing.suite import Check as Check
from vaeedit.testing.suite import checks
from vaeedit.testing.suite import registry_with as registry_with

__all__ = ["checks", "parametrize_with_checks"]


def parametrize_with_checks(
    module: ModuleType,
    expected_failures: Mapping[str, str] | None = None,
    *,
    vaes: Mapping[str, str | Path] | None = None,
    recorded: str | Path | None = None,
) -> Any:
    """A pytest decorator for a test function with the argument `check`.

    `vaes` and `recorded` are those of `checks`. Raises ValueError for an unknown check or operation.
    """
    import pytest

    expected = dict(expected_failures or {})
    parameters = []
    for name, check in checks(module, vaes=vaes, recorded=recorded):
        reason = expected.pop(name, None)
        marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
        parameters.append(pytest.param(check, id=name, marks=marks))
    if expected:
        raise ValueError(f"expected_failures names no check: {', '.join(expected)}")
    return pytest.mark.parametrize("check", parameters)

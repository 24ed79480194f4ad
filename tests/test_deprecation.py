"""A plugin that uses a deprecated name of the API is named, with its package."""

import importlib
import warnings

import pytest

from vaeedit import api
from vaeedit.extension.deprecation import DEPRECATED, deprecated

LIGHT = """
from vaeedit.api import luma, option
from acme_old.helper import call
"""
HELPER = """
import {library}

def call(function):
    return {library}.through(function)
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The plugin `old` of the package acme-old 1.2, and a library that it calls."""
    (tmp_path / "acme_old").mkdir()
    (tmp_path / "acme_old" / "__init__.py").write_text(LIGHT)
    (tmp_path / "acme_old" / "helper.py").write_text(HELPER.format(library="acme_library"))
    (tmp_path / "acme_library.py").write_text("def through(function):\n    return function()\n")
    facts = tmp_path / "acme_old-1.2.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-old\nVersion: 1.2\n")
    (facts / "entry_points.txt").write_text("[vaeedit]\nold = acme_old\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("acme_old", "acme_old.helper", "acme_library"):
        importlib.sys.modules.pop(name, None)


@pytest.mark.usefixtures("installed")
def test_the_plugin_is_named_where_it_imports_a_deprecated_name(monkeypatch):
    luma = api.luma
    monkeypatch.setitem(DEPRECATED, "luma", "`like`")
    with pytest.warns(DeprecationWarning, match="acme-old") as caught:
        plugin = importlib.import_module("acme_old")
    assert [str(one.message) for one in caught] == [
        "The plugin old of the package acme-old 1.2 uses vaeedit.api.luma, which the next plugin contract will not "
        "have; use `like`."
    ]
    assert caught[0].filename == plugin.__file__
    assert caught[0].lineno == 2
    assert plugin.luma is luma  # it still works


@pytest.mark.usefixtures("installed")
def test_the_plugin_is_named_where_a_library_stands_between():
    call = importlib.import_module("acme_old").call
    with pytest.warns(
        DeprecationWarning, match=r"The plugin old of .* uses Frame.old, .* use Frame.new"
    ) as caught:
        call(lambda: deprecated("Frame.old", "Frame.new"))
    assert caught[0].filename == __file__


def test_code_that_is_no_plugin_is_named_by_its_module(monkeypatch):
    monkeypatch.setitem(DEPRECATED, "luma", "`like`")
    with pytest.warns(DeprecationWarning, match=f"^{__name__} uses vaeedit.api.luma"):
        assert api.luma


@pytest.mark.usefixtures("installed")
def test_nothing_is_deprecated_today():
    assert not DEPRECATED
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        importlib.import_module("acme_old")

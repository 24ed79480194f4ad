"""`vaeedit ui --export` where it cannot take screenshots."""

import pytest

from vaeedit.errors import UsageError
from vaeedit.extension.registry import registry
from vaeedit.ui.export import export


def test_without_chromium_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    pytest.importorskip("playwright", reason="playwright is missing: pip install playwright")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="Chromium, which is not installed"):
        export("http://127.0.0.1:9/", tmp_path / "shots", registry())
    assert not (tmp_path / "shots").exists()

"""What plugins may rely on: recorded, kept, and explained in the reference."""

import re
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
OLD = """# What plugin contract 1 promises, recorded by docs/generate.py: since, name, what it is.
0.1.0 Edit: class (Operation)
0.1.0 Edit.edit(latents: Latents) -> Edited (abstract)
0.1.0 WHOLE: constant
"""
NOW = {
    "Edit": "Edit: class (Operation)",
    "Edit.edit": "Edit.edit(latents: Latents) -> Edited (abstract)",
    "WHOLE": "WHOLE: constant",
}


@pytest.fixture(autouse=True)
def _docs(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    yield
    for name in ("promises", "reference", "surface"):
        sys.modules.pop(name, None)


def test_the_public_names_are_the_recorded_ones():
    from promises import RECORD, updated
    from surface import lines

    record = RECORD.read_text()
    assert updated(record, lines()) == record, "Record what is new with: python docs/generate.py"


def test_nothing_changes_where_nothing_is_new():
    from promises import updated

    assert updated(OLD, NOW, "0.2.0", 1) == OLD


def test_what_is_new_is_recorded_with_its_version():
    from promises import updated

    now = {**NOW, "Frame.mean": "Frame.mean() -> float"}
    assert updated(OLD, now, "0.2.0", 1) == OLD.replace("0.1.0 W", "0.2.0 Frame.mean() -> float\n0.1.0 W")


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("WHOLE", None, "WHOLE: constant\n  is gone"),
        (
            "Edit.edit",
            "Edit.edit(latents: Latents, index: int) -> Edited (abstract)",
            "latents: Latents, index: int",
        ),
        ("Edit", "Edit: class", "- Edit: class (Operation)\n  is now: Edit: class\n"),
    ],
)
def test_a_removal_or_a_change_needs_a_new_contract(name, line, words):
    from promises import BrokenPromise, updated

    now = {key: value for key, value in {**NOW, name: line}.items() if value}
    with pytest.raises(BrokenPromise) as error:
        updated(OLD, now, "0.2.0", 1)
    assert words in str(error.value)
    assert "raise\nCONTRACT" in str(error.value)
    changed = updated(OLD, now, "0.2.0", 2)
    assert "contract 2" in changed
    assert changed.count("0.2.0") == (line is not None)


def test_every_public_name_and_member_has_a_docstring():
    from reference import undocumented

    assert not undocumented()


def test_every_error_that_a_name_raises_is_in_its_docstring():
    from reference import doc
    from surface import members, promised

    for name, item in promised().items():
        inside = members(name) if item.is_class or item.is_module else {}
        for key, one in {"": item, **inside}.items():
            if not one.is_function or not one.lineno or key == "__init__":
                continue
            raised = set(re.findall(r"\braise ([A-Z]\w+)", one.source))
            said = doc(one, name if key else "")
            assert not raised or raised & set(re.findall(r"\w+", said)), f"{name}.{key} raises {raised}"


def test_the_reference_has_every_name_once():
    from reference import slug

    from vaeedit import api

    page = (DOCS / "api.md").read_text()
    headings = re.findall(r"^#+ (.*)$", page, flags=re.MULTILINE)
    assert {f"`{name}`" for name in api.__all__} <= set(headings)
    anchors = [slug(heading) for heading in headings]
    assert len(anchors) == len(set(anchors))

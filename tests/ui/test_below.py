"""Names below the root, and pipelines that name other files."""

import os
from pathlib import Path

import pytest

from vaeedit.errors import UsageError
from vaeedit.extension.registry import registry
from vaeedit.options import fields
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.ui.below import below
from vaeedit.ui.harmless import require_harmless


@pytest.fixture
def root(tmp_path):
    """A root with a picture, a pipeline's folder, and links of both kinds; a secret lies beside it."""
    inside = tmp_path / "root"
    (inside / "photos").mkdir(parents=True)
    (inside / "photos" / "a.png").write_bytes(b"")
    (tmp_path / "secret.safetensors").write_bytes(b"")
    (inside / "out").symlink_to(tmp_path)
    (inside / "same").symlink_to("photos")
    (inside / "loop").symlink_to("loop")
    return inside


@pytest.mark.parametrize(
    "text", ["", ".", "photos/a.png", "same/a.png", "new/folder", "c:a.png", "~", "x" * 5000]
)
def test_names_that_lie_below(root, text):
    assert below(root, text) == root / text


@pytest.mark.parametrize(
    "text",
    [
        "..",
        "photos/../..",
        "photos/../photos",
        "/etc/passwd",
        "out",
        "out/secret.safetensors",
        "same/../../x",
        "a\0b",
    ],
)
def test_names_that_lead_elsewhere(root, text):
    with pytest.raises(UsageError, match="root"):
        below(root, text)


def test_a_link_to_itself_is_below_and_no_file(root):
    assert not below(root, "loop").exists()


def test_a_root_that_is_a_link(root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    assert below(tmp_path / "link", "photos/a.png") == root / "photos" / "a.png"


def _pipeline(root: Path, operation: str, **given) -> Pipeline:
    return Pipeline(Step(operation, **given), folder=root)


def test_a_pipeline_may_name_what_is_installed_or_below(root):
    for given in ({"vae": "denoise"}, {"vae": "photos/my.safetensors"}, {"mask": "photos/{stem}.png"}, {}):
        require_harmless(root, _pipeline(root, "denoise", **given), registry(), [root / "photos" / "a.png"])


@pytest.mark.parametrize(
    "given",
    [
        {"vae": "../secret.safetensors"},
        {"vae": "/tmp/x.safetensors"},
        {"vae": "out/secret.safetensors"},
        {"vae": "hub:owner/name"},
        {"mask": "../secret.safetensors"},
        {"mask": ["out/secret.safetensors"]},
        {"mask": "out/{stem}.safetensors"},
    ],
)
def test_a_pipeline_that_names_other_files_is_refused(root, given):
    source = root / "photos" / "secret.png"
    with pytest.raises(UsageError, match=r"The step denoise.*root"):
        require_harmless(root, _pipeline(root, "denoise", **given), registry(), [source])


def test_a_text_that_may_name_a_file_is_one_below(root):
    free = [
        Step(name, **{field.name: os.fspath(root.parent)})
        for name, item in registry().operations.bare.items()
        for field in fields(item.spec.options).values()
        if field.is_free
    ]
    assert free
    for step in free:
        with pytest.raises(UsageError, match="root"):
            require_harmless(root, Pipeline(step), registry())

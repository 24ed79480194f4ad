"""Templates of output names, and --format."""

from pathlib import Path

import pytest

from vaeedit.batch.jobs import placed
from vaeedit.batch.sources import find_sources
from vaeedit.batch.template import FIELDS, filled, fixed_folder, is_template, literal
from vaeedit.errors import UsageError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with a.jpg, b.PNG, scan and in/{a.jpg, deep/c.tif}, as the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in/deep").mkdir(parents=True)
    for name in ("a.jpg", "b.PNG", "scan", "in/a.jpg", "in/deep/c.tif"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def targets(*inputs, output, recursive=False, **settings):
    jobs = placed(find_sources(inputs, recursive=recursive), output, "denoise", **settings)
    return [str(job.target) for job in jobs]


def test_every_field_is_filled():
    template = "out/" + "+".join(f"{{{name}}}" for name in FIELDS)
    assert str(filled(template, Path("in/a b.jpg"), ".png", "style", 3)) == "out/a b+a b.jpg+.png+in+style+3"
    assert str(filled("{index:04}.png", Path("a"), "", "", 12)) == "0012.png"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("{stem}_{operation}{ext}", ["a_denoise.jpg", "b_denoise.PNG"]),
        ("new/{index:03}{ext}", ["new/001.jpg", "new/002.PNG"]),
        ("new/{folder}/{name}.webp", ["new/a.jpg.webp", "new/b.PNG.webp"]),
        ("{{{stem}}}.png", ["{a}.png", "{b}.png"]),
    ],
)
def test_results_are_named_by_a_template(output, expected):
    assert targets("a.jpg", "b.PNG", output=output) == expected


def test_folders_are_mirrored_by_a_field():
    assert targets("in", output="new/{folder}/{stem}.jpg", recursive=True) == [
        "new/in/a.jpg",
        "new/in/deep/c.jpg",
    ]


def test_earlier_results_among_the_inputs_are_left_alone(folder):
    (folder / "in/a_denoise.jpg").write_bytes(b"x")
    assert targets("in", output="{folder}/{stem}_{operation}{ext}") == ["in/a_denoise.jpg"]


def test_braces_of_a_name_are_written_twice(folder):
    assert targets("a.jpg", output="{{b}}.png") == ["{b}.png"]
    assert not is_template("{{b}}.png")
    assert literal("{{b}}/c}}.png") == "{b}/c}.png"
    (folder / "{x}").mkdir()
    assert targets("a.jpg", "b.PNG", output="{{x}}") == ["{x}/a.jpg", "{x}/b.PNG"]


@pytest.mark.parametrize(
    ("output", "fragment"),
    [
        (
            "{stam}.png",
            "unknown field {stam}; there are {stem}, {name}, {ext}, {folder}, {operation}, {index}",
        ),
        ("{}.png", "unknown field {}"),
        ("{stem!r}.png", "unknown field {stem!r}"),
        ("{stem:5}.png", "unknown field {stem:5}"),
        ("{stem.__class__}.png", "unknown field {stem.__class__}"),
        ("{index:9999999}.png", "unknown field {index:9999999}"),
        ("{index:{stem}}.png", "unknown field"),
        ("{stem.png", "single brace; write {{ and }}"),
        ("a}.png", "single brace"),
        ("{stem}", "does not end in a picture format"),
        ("all.png{index}", "does not end in a picture format"),
        ("{operation}.png", "Both the output of a.jpg and the output of b.PNG would become denoise.png"),
    ],
)
def test_a_wrong_template_is_refused_in_a_sentence(output, fragment):
    with pytest.raises(UsageError) as caught:
        targets("a.jpg", "b.PNG", output=output)
    assert fragment in str(caught.value)


@pytest.mark.parametrize(
    ("output", "expected"),
    [("a/b/{stem}", "a/b"), ("{folder}/x", None), ("x-{stem}/y", None), ("/{stem}", None)],
)
def test_the_folder_that_a_template_begins_with(output, expected):
    assert fixed_folder(output) == expected


def test_a_format_replaces_the_extension_or_follows_the_name():
    inputs = ["a.jpg", "b.PNG", "scan"]
    assert targets(*inputs, output="new", ending=".webp") == ["new/a.webp", "new/b.webp", "new/scan.webp"]
    assert targets(*inputs, output=None, ending=".tif") == [
        "a.denoise.tif",
        "b.denoise.tif",
        "scan.denoise.tif",
    ]
    assert targets("a.jpg", output="{stem}-x{ext}", ending=".png") == ["a-x.png"]
    assert targets("a.jpg", output="x.jpeg", ending=".jpg") == ["x.jpeg"]
    (job,) = placed(find_sources(["a.jpg"]), "-", "denoise", ending=".webp")
    assert (job.target, job.format) == (None, "WEBP")


@pytest.mark.parametrize(
    ("settings", "fragment"),
    [
        ({"output": "x.jpg"}, "x.jpg is no PNG file, which --format asks for"),
        ({"output": "{stem}.jpg"}, "a.jpg is no PNG file"),
        ({"output": None, "in_place": True}, "--in-place and --format exclude each other"),
    ],
)
def test_a_format_that_contradicts_is_refused(settings, fragment):
    with pytest.raises(UsageError, match=fragment):
        targets("a.jpg", ending=".png", **settings)

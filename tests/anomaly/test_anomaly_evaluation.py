"""`vaeedit evaluate anomaly`: intervals, groups, two models on the same resamples, and the images it is most wrong about."""

import html
import io
import json
import re
from contextlib import redirect_stdout
from types import SimpleNamespace

import numpy as np
import pytest

from small_model import image, small_model
from vaeedit.cli.main import call
from vaeedit.errors import UsageError
from vaeedit.image import Frame, write
from vaeedit.vae.files import read_info
from vaeedit_anomaly.groups import grouped
from vaeedit_anomaly.trees import read_tree

HOSTILE = "<b>&11.png"
NORMALS, DEFECTS = 12, 11


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A tree of pictures that differ in contrast, masks for most defects, and two models that were fitted to nothing."""
    folder = tmp_path_factory.mktemp("evaluation")
    for part, seeds in (
        ("train/good", range(2)),
        ("test/good", range(NORMALS)),
        ("test/spot", range(20, 20 + DEFECTS)),
    ):
        (folder / "tree" / part).mkdir(parents=True)
        for seed in seeds:
            write(image(seed), folder / "tree" / part / f"{seed}.png")
    (folder / "tree/test/good/11.png").rename(folder / "tree/test/good" / HOSTILE)
    (folder / "tree/ground_truth/spot").mkdir(parents=True)
    mask = np.zeros((40, 48, 1), np.uint8)
    mask[10:20, 10:20] = 255
    for seed in range(20, 19 + DEFECTS):
        write(Frame(mask), folder / "tree/ground_truth/spot" / f"{seed}_mask.png")
    small_model(folder / "one.safetensors")
    small_model(folder / "other.safetensors", seed=1)
    return folder


def run(place, *more):
    """What the command prints."""
    arguments = ["evaluate", "anomaly", place / "tree", "--vae", place / "one.safetensors", *more]
    with redirect_stdout(io.StringIO()) as printed:
        code = call([str(argument) for argument in arguments])
    return SimpleNamespace(code=code, out=printed.getvalue())


def rows(text):
    return {row["kind"]: row for row in map(json.loads, text.splitlines())}


@pytest.fixture(scope="module")
def found(place):
    """The rows by kind; the report is r.html."""
    done = run(place, "--json", "--against", place / "other.safetensors", "--report", place / "r.html")
    assert done.code == 0
    return rows(done.out)


def test_figures_have_intervals_and_the_differences_of_two_models_too(place, found):
    row = found["all"]
    for name in ("image_auroc", "image_ap", "pixel_auroc", "pixel_ap", "aupro", "alarms"):
        low, high = row[f"{name}_interval"]
        assert 0 <= low <= row[name] <= high <= 1
        assert {"value", "difference", "interval", "above_zero"} == set(row["differences"][name])
    assert row["against"] == str(place / "other.safetensors")
    other = row["differences"]["image_auroc"]
    assert other["difference"] == pytest.approx(row["image_auroc"] - other["value"], abs=2e-4)
    low, high = other["interval"]
    assert low < other["difference"] < high
    assert (row["images"], row["groups"], row["without_mask"]) == (DEFECTS, DEFECTS, 1)
    assert found["good"]["stated_false_alarms"] == 0.01
    assert all(one["seconds_per_image"] > 0 for one in found.values())


def test_the_worst_images_are_named_and_shown(place, found):
    worst = found["all"]["worst"]
    misses, alarms = ([one["score"] for one in worst[sort]] for sort in ("misses", "false_alarms"))
    assert (len(misses), len(alarms)) == (10, 10)
    assert misses == sorted(misses)
    assert alarms == sorted(alarms, reverse=True)
    page = (place / "r.html").read_text()
    assert page.count("<img ") == 40
    assert "<b>&" not in page
    shown = [html.unescape(name) for name in re.findall(r"<p>((?:good|spot)/.*?)<br>", page)]
    assert shown == [one["name"] for sort in ("misses", "false_alarms") for one in worst[sort]]
    assert run(place, "--report", place / "r.html").code == 2


def test_lines_are_readable_a_model_does_not_differ_from_itself_and_what_is_recorded_names_no_file(place):
    done = run(place, "--against", place / "one.safetensors", "--false-alarms", "20%", "--record")
    lines = done.out.splitlines()
    assert "20 % stated" in lines[0]
    headings = "| kind | images | groups | image AUROC | image AP | pixel AUROC | AUPRO | pixel AP | alarms | without mask |"
    assert lines[1].startswith(headings)
    number = r"[01]\.\d{3}"
    assert re.match(rf"\| all \| 11 \| 11 (\| {number} \[{number}, {number}\] ){{6}}\| 1 \|", lines[4])
    assert re.search(
        r"\d+ of 12 normal images are called abnormal; the stated share, 0\.2, is (with|out)", done.out
    )
    assert sum(line.endswith("| +0.000 | 0.0% |") for line in lines) == 6
    assert "Defective images with the lowest scores:" in lines
    assert "Normal images with the highest scores:" in lines
    figures = read_info(place / "one.safetensors").figures
    assert len(figures) == 3
    assert "good/" not in json.dumps(figures)


def test_of_groups_that_are_few_there_are_no_intervals_but_of_alarms(place):
    row = rows(run(place, "--json", "--groups", "(good|spot)/.?").out)["all"]
    assert row["groups"] == 1
    assert "image_auroc_interval" not in row
    assert row["alarms_interval"] == pytest.approx([0, 1], abs=0.03)


def groups_of(place, given):
    tree = read_tree(place / "tree")
    numbers, twins = grouped(tree, given)
    named = {
        f"{one.path.parent.name}/{one.path.name}": number
        for one, number in zip(tree.tests, numbers, strict=True)
    }
    return named, twins


def test_groups_by_a_pattern(place, capsys):
    named, twins = groups_of(place, r"/(\d)\d?\.png")
    assert named["good/1.png"] == named["good/10.png"] != named["good/2.png"]
    assert named["good/2.png"] == named["spot/20.png"] == named["spot/29.png"]
    assert list(named.values()).count(named[f"good/{HOSTILE}"]) == 1
    assert twins.sum() == 3  # good/0, 1 and 10: in train are 0 and 1
    assert "22 of 23 test images" in capsys.readouterr().err
    alone, twins = groups_of(place, None)
    assert len(set(alone.values())) == len(alone)
    assert not twins.any()


def test_groups_by_a_table(place, tmp_path):
    table = tmp_path / "groups.csv"
    table.write_text(
        f"file,group\n20.png,a\nspot/21.png,a\ntest/good/2.png,a\ntrain/good/1.png,b\n\n{HOSTILE},b\n"
    )
    named, twins = groups_of(place, str(table))
    assert named["spot/20.png"] == named["spot/21.png"] == named["good/2.png"]
    assert named[f"good/{HOSTILE}"] not in {number for name, number in named.items() if HOSTILE not in name}
    assert twins.sum() == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nothing.png,a\n", "groups no test image, not even good/"),
        ("a line\n", "Line 1 of .* names no group"),
    ],
)
def test_a_table_that_does_not_fit_is_a_sentence(place, tmp_path, text, sentence):
    (tmp_path / "groups.csv").write_text(text)
    with pytest.raises(UsageError, match=sentence):
        groups_of(place, str(tmp_path / "groups.csv"))


def test_a_name_of_several_files_a_missing_table_and_no_pattern_are_sentences(place, tmp_path):
    write(image(1), place / "tree/test/spot/1.png")
    try:
        (tmp_path / "groups.csv").write_text("1.png,a\n")
        with pytest.raises(UsageError, match=r"names 2 files; write good/1\.png"):
            groups_of(place, str(tmp_path / "groups.csv"))
    finally:
        (place / "tree/test/spot/1.png").unlink()
    with pytest.raises(UsageError, match=r"gone\.csv"):
        groups_of(place, str(tmp_path / "gone.csv"))
    with pytest.raises(UsageError, match="neither a file nor a pattern"):
        groups_of(place, "(good")

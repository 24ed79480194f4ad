"""The tab Runs: runs that are found and read, their curves, charts and samples."""

import os
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from vaeedit.errors import UsageError
from vaeedit.image import Frame, write
from vaeedit.training.history import Logged, write_metrics
from vaeedit.ui.runs.axis import Axis, short
from vaeedit.ui.runs.chart import chart, table
from vaeedit.ui.runs.curves import LEVELS, Line, panels, values_of
from vaeedit.ui.runs.reading import Runs
from vaeedit.ui.runs.samples import overview, samples, steps_of


def _keep(folder, **more):
    """A run of four milestones with two levels, held-out images and two pictures of samples."""
    folder.mkdir(parents=True)
    rows = [
        Logged(step, step / 60, step / 8, "nats", {"loss": 8.0 / step, "kl_1": 1.0, "kl_2": None, **more})
        for step in (1, 2, 4, 8)
    ]
    write_metrics(folder, rows)
    (folder / "curve.csv").write_text("hours,steps,psnr\n0.001,4,30.5\n0.002,8,31.25\n")
    (folder / "snapshots").mkdir()
    for step in (2, 8):
        write(Frame(np.full((4, 4, 1), 9 * step, np.uint8)), folder / "snapshots" / f"{step:09d}.png")
    return folder


@pytest.fixture
def top(tmp_path):
    """A standing job with two runs, a folder without any, and links that lead out of it."""
    _keep(tmp_path / "top" / "standing" / "<i>a</i>")
    _keep(tmp_path / "top" / "standing" / "b", psnr=29.0)
    (tmp_path / "top" / "data").mkdir()
    _keep(tmp_path / "elsewhere")
    (tmp_path / "top" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "top" / "hidden").mkdir()
    (tmp_path / "top" / "hidden" / "metrics.jsonl").symlink_to(tmp_path / "elsewhere" / "metrics.jsonl")
    return tmp_path / "top"


@pytest.fixture
def both(top):
    """The two runs."""
    runs = Runs(top)
    return [runs.read(name) for name in sorted(runs.names())]


def test_runs_below_a_folder_are_found(top):
    assert sorted(Runs(top).names()) == ["standing/<i>a</i>", "standing/b"]
    assert Runs(top / "standing" / "b").names() == (".",), "the folder itself is a run"
    with pytest.raises(UsageError, match="no run"):
        Runs(top).read("../elsewhere")


def test_a_run_is_read_again_only_when_its_files_change(top):
    runs, log = Runs(top), top / "standing" / "b" / "metrics.jsonl"
    first = runs.read("standing/b")
    assert runs.read("standing/b") is first
    with log.open("a") as file:
        file.write('{"step":16,"minutes":1.0,"done":1,"unit":"nats","values":{"loss":0.1}}\n{"step":17,"min')
    rows = runs.read("standing/b").rows
    assert [row.step for row in rows] == [1, 2, 4, 8, 16], "without the line that is being written"


@pytest.mark.parametrize("name", ["metrics.jsonl", "curve.csv"])
def test_a_damaged_file_is_a_sentence_and_what_was_read_stays(top, name):
    runs = Runs(top)
    before = runs.read("standing/b")
    (top / "standing" / "b" / name).write_bytes(b"hours,steps\nx\xff\n")
    after = runs.read("standing/b")
    assert "damaged" in after.problem
    assert (after.rows, after.measured) == (before.rows, before.measured)
    assert after.problem in overview([after])


def test_files_that_vanish_are_no_error(top):
    runs = Runs(top)
    runs.names()
    for path in (top / "standing" / "b" / "snapshots").iterdir():
        path.unlink()
    for name in ("metrics.jsonl", "curve.csv"):
        (top / "standing" / "b" / name).unlink()
    run = runs.read("standing/b")
    assert (run.rows, run.measured, run.snapshots, run.problem) == ([], [], [], "")
    assert panels([run], ["loss", "psnr"], "steps") == []


def test_the_panels_of_one_run_and_of_several(both):
    assert values_of(both) == ["loss", "psnr", LEVELS]
    assert [panel.title for panel in panels(both[:1], [LEVELS], "steps")] == ["KL divergence by level"]
    titles = [panel.title for panel in panels(both, ["loss", "psnr", LEVELS], "hours")]
    assert titles == ["Loss", "PSNR", "KL divergence of level 1", "KL divergence of level 2"]
    psnr = panels(both, ["psnr"], "hours")[0]
    assert [(line.name, line.dots, line.x[-1]) for line in psnr.lines] == [
        ("standing/b", False, pytest.approx(8 / 3600)),
        ("standing/<i>a</i>, held out", True, 0.002),
        ("standing/b, held out", True, 0.002),
    ]


def test_smoothing_keeps_a_constant_and_gaps():
    line = Line("a", 0, [1, 2, 3, 4], [3.0, None, 3.0, 3.0])
    assert line.smoothed(0.9).y == pytest.approx([3.0, None, 3.0, 3.0])
    assert line.smoothed(0).y == line.y
    assert Line("a", 0, [1, 2], [0.0, 1.0]).smoothed(0.5).y == pytest.approx([0, 2 / 3])


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.9])
def test_a_chart_is_well_formed_and_escaped(both, log, smoothing):
    for panel in panels(both, ["loss", "psnr", LEVELS], "steps"):
        drawn = chart(panel, "steps", smoothing=smoothing, log=log)
        figure = ElementTree.fromstring(drawn)
        assert "<i>" not in drawn + table(panel, "steps")
        label = figure.find("svg").get("aria-label")
        assert label.startswith(f"{panel.title} against steps. At the end:")
        numbers = [
            float(text) for path in figure.iter("path") for text in re.findall(r"[\d.-]+", path.get("d"))
        ]
        assert numbers
        assert np.isfinite(numbers).all()


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("low", "high"), [(0, 43_000), (0.3, 0.7), (-12, -9.5), (5, 5), (1e-6, 2e6)])
def test_ticks_are_few_and_inside(low, high, log):
    axis = Axis.around([low, high], 0, 100, log=log)
    assert 2 <= len(axis.ticks) <= 13
    assert all(-0.5 <= axis.at(tick) <= 100.5 for tick in axis.ticks)
    assert len({short(tick) for tick in axis.ticks}) == len(axis.ticks)


def test_samples_up_to_a_step(both, top):
    assert steps_of(both) == [2, 8]
    assert samples(both, 4).count("<img") == 2
    assert "step 2, " in samples(both, 4)
    assert "none yet at this step" in samples(both, 1)
    (top / "standing" / "b" / "snapshots" / "000000008.png").write_text("text")
    assert "is no PNG" in samples(both, 8)
    assert "<i>" not in samples(both, 8) + overview(both)


def test_the_page_is_drawn_again_only_after_a_change(top):
    gr = pytest.importorskip("gradio")
    from vaeedit.ui.runs.tab import Seen, _drawn

    runs, seen = Runs(top), Seen()
    first = _drawn(runs, seen, [], [], "steps", False, 0.0, 1)
    chosen, values, at = first[0]["value"], first[1]["value"], first[5]["value"]
    assert (len(chosen), values, at) == (1, ["loss", "psnr", LEVELS], 1)
    again = (runs, seen, chosen, values, "steps", False, 0.0, at)
    assert _drawn(*again) == gr.skip()
    os.utime(top / chosen[0] / "curve.csv", ns=(1, 1))
    assert _drawn(*again) != gr.skip()
    assert "at least one" in _drawn(runs, seen, [], values, "steps", False, 0.0, at)[2]


def test_a_run_that_begins_later_is_shown(tmp_path):
    pytest.importorskip("gradio")
    from vaeedit.ui.runs import reading
    from vaeedit.ui.runs.tab import Seen, _drawn

    runs, seen = Runs(tmp_path), Seen()
    assert "no run in this folder yet" in _drawn(runs, seen, [], [], "steps", False, 0.0, 1)[2]
    _keep(tmp_path / "new")
    runs._searched -= reading.SEARCH_EVERY + 1
    assert _drawn(runs, seen, [], [], "steps", False, 0.0, 1)[0]["value"] == ["new"]

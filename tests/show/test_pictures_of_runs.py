"""Curves and films of runs: of what `vaeedit train` wrote, and of files made by hand."""

import numpy as np
import pytest
from linear_vae import CONFIG
from PIL import Image

from vaeedit.cli.main import call
from vaeedit.errors import UnknownName
from vaeedit.training.history import Logged, read_metrics, read_snapshots, write_metrics
from vaeedit_show.api import curves, training

RECIPE = f"""
name: rows
summary: Rows.
architecture: plain
config: {{height: {CONFIG["height"]}, width: {CONFIG["width"]}, widths: [8], latents: 2, likelihood: gaussian}}
data: {{whole: true, batch: 4}}
objective: {{kind: likelihood}}
optimizer: {{rate: 0, adam_rate: 1.0e-3, warmup: 1}}
"""


@pytest.fixture(scope="module")
def home(rows, tmp_path_factory):
    """The folder of a run of twenty steps."""
    pytest.importorskip("pytorch_lightning")
    folder = tmp_path_factory.mktemp("runs")
    (folder / "rows.yaml").write_text(RECIPE)
    assert (
        call(["train", str(folder / "rows.yaml"), rows, "--steps", "20", "--run", str(folder / "run")]) == 0
    )
    return folder / "run"


def by_hand(folder, losses, unit="nats per image", **more):
    folder.mkdir(parents=True)
    rows = [
        Logged(step, step / 10, step / 100, unit, {"loss": loss, **more})
        for step, loss in enumerate(losses, 1)
    ]
    write_metrics(folder, rows)
    return folder


def test_curves_are_what_training_wrote(home):
    drawn = curves([home])
    assert [axes.get_title() for axes in drawn.axes] == ["loss", "distortion", "rate", "KL divergence"]
    logged = read_metrics(home)
    for axes, name in zip(drawn.axes, ("loss", "distortion", "rate", "kl"), strict=True):
        (line,) = axes.lines
        assert line.get_xdata().tolist() == [row.step for row in logged]
        assert line.get_ydata().tolist() == [row.values[name] for row in logged]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("steps", "nats per image")
    assert drawn.legends == []


def test_several_runs_share_panels_and_have_names_and_colors(home, tmp_path):
    other = by_hand(tmp_path / "other", [30.0, 20.0, None, 10.0], psnr=20.0)
    (other / "curve.csv").write_text("hours,steps,psnr\n0.01,3,31.5\n0.02,6,32.5\n")
    drawn = curves([home, other], against="minutes")
    titles = [axes.get_title() for axes in drawn.axes]
    assert titles == ["loss", "distortion", "rate", "KL divergence", "PSNR"]
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["run", "other"]
    first, second = drawn.axes[0].lines
    assert first.get_color() != second.get_color()
    assert np.isnan(second.get_ydata()[2])
    solid, broken = drawn.axes[4].lines
    assert drawn.axes[4].get_ylabel() == "dB"
    assert (broken.get_linestyle(), broken.get_xdata().tolist()) == ("--", pytest.approx([0.6, 1.2]))
    assert solid.get_color() == broken.get_color() == second.get_color()
    chosen = curves([home, other], values=["loss"], log=True)
    assert [axes.get_xscale() for axes in chosen.axes] == ["log"]


def test_a_first_large_loss_does_not_flatten_the_rest(tmp_path):
    drawn = curves([by_hand(tmp_path / "run", [5000.0, *np.linspace(90.0, 80.0, 99).tolist()])])
    low, high = drawn.axes[0].get_ylim()
    assert 75 < low < 80 < 90 < high < 95
    short = by_hand(tmp_path / "short", [150.0, 140.0])
    assert curves([tmp_path / "run", short]).axes[0].get_ylim()[1] > 150


def test_a_run_of_an_earlier_version_shows_its_held_out_images(tmp_path):
    (tmp_path / "curve.csv").write_text("hours,steps,psnr\n0.5,100,30.25\n1,200,31\n")
    drawn = curves([tmp_path])
    assert [axes.get_title() for axes in drawn.axes] == ["PSNR of held-out images"]
    assert drawn.axes[0].lines[0].get_ydata().tolist() == [30.25, 31]


def test_runs_of_one_name_are_told_apart_by_their_paths(tmp_path):
    runs = [by_hand(tmp_path / name / "run", [2.0, 1.0]) for name in "ab"]
    drawn = curves(runs)
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == [str(run) for run in runs]


def test_a_film_of_training_has_a_frame_for_each_snapshot(home, tmp_path, capsys):
    kept = read_snapshots(home)
    made = training(home, scale=3)
    assert len(made.film.frames) == len(kept) == 14
    last = np.asarray(Image.open(kept[-1][1]))
    inside = made.film.frames[-1].pixels[12:, 12:][: 3 * last.shape[0], : 3 * last.shape[1], 0]
    assert np.array_equal(inside, last.repeat(3, 0).repeat(3, 1))
    assert call(["show", "training", str(home), "-o", str(tmp_path / "t.gif"), "--rate", "5"]) == 0
    assert f"({len(kept)} frames of " in capsys.readouterr().out
    film = Image.open(tmp_path / "t.gif")
    assert (film.n_frames, film.info["duration"]) == (14, 200)
    assert call(["show", "curves", str(home), "-o", str(tmp_path / "c.png"), "--values", "loss,kl"]) == 0
    assert Image.open(tmp_path / "c.png").width > 900


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            "training EMPTY -o x.gif",
            "holds no snapshots: this version of `vaeedit train` keeps them, of VAEs with a prior",
        ),
        ("curves EMPTY -o x.png", "There is no metrics.jsonl in the folder"),
        ("curves nowhere -o x.png", "There is no folder nowhere; `vaeedit train --run nowhere`"),
        ("curves RUN -o x.gif", "x.gif is no figure"),
        ("curves RUN -o x.png --values los", "did you mean 'loss'"),
    ],
)
def test_what_a_run_does_not_hold_is_a_sentence(tmp_path, monkeypatch, capsys, words, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    by_hand(tmp_path / "run", [2.0, 1.0])
    places = {"EMPTY": "empty", "RUN": "run"}
    assert call(["show", *(places.get(word, word) for word in words.split())]) == 2
    assert text in capsys.readouterr().err.replace("\n", " ")
    assert list(tmp_path.glob("x.*")) == []


def test_an_unknown_value_is_named(tmp_path):
    with pytest.raises(UnknownName, match="logged value"):
        curves([by_hand(tmp_path / "run", [2.0])], values=["psnr"])

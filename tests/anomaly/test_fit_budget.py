"""How long the stages of a fit may take, and what an interrupted fit continues from. The clock shows what it is told."""

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from normals import folder_of
from tiny_fit import tiny_fit

from vaeedit.api import Claim, UsageError
from vaeedit.vae.files import read_info
from vaeedit_anomaly.schedule import Clock, Schedule, Stage, Turn, budget_of, minutes
from vaeedit_anomaly.work import Work, described


class Told:
    """A clock that shows what it is told."""

    def __init__(self):
        self.time = 0.0

    def __call__(self):
        return self.time


@pytest.fixture
def told():
    return Told()


def stages(told, took, given):
    """Stages that take what `took` says, note what they were given, and expect 10 and 20 seconds."""

    def work(turn):
        given[turn.name] = turn.seconds
        told.time += took[turn.name]

    return [
        Stage("preparation", work),
        Stage("training", work, share=1.0),
        Stage("memory", work, cost=lambda: 10.0),
        Stage("calibration", work, cost=lambda: 20.0),
    ]


def test_training_gets_what_the_other_stages_leave(told):
    given, said = {}, []
    took = {"preparation": 5, "training": 65, "memory": 10, "calibration": 20}
    schedule = Schedule(stages(told, took, given), Clock(100, now=told), say=said.append)
    schedule.run((), lambda name, spent: None)
    assert given == {"preparation": 0, "training": 65, "memory": 10, "calibration": 20}
    assert schedule.clock.left == 0
    assert said == [
        "Stage 2 of 4, training: 65 s at most; 95 s left in all.".replace("95 s", "1.58 min").replace(
            "65 s", "1.08 min"
        ),
        "Stage 3 of 4, memory: 10 s at most; 30 s left in all.",
        "Stage 4 of 4, calibration: 20 s at most; 20 s left in all.",
    ]


def test_what_one_stage_saves_the_next_ones_may_use_and_what_it_wastes_they_lack(told):
    given = {}
    took = {"preparation": 0, "training": 60, "memory": 5, "calibration": 20}
    Schedule(stages(told, took, given), Clock(100, now=told)).run((), lambda *_: None)
    assert (given["memory"], given["calibration"]) == (20, 35)
    told.time = 0
    took |= {"training": 85, "memory": 5}
    Schedule(stages(told, took, given), Clock(100, now=told)).run((), lambda *_: None)
    assert (given["memory"], given["calibration"]) == (5, 10)


def test_training_keeps_half_of_a_short_budget(told):
    given = {}
    took = {"preparation": 0, "training": 20, "memory": 6, "calibration": 13}
    Schedule(stages(told, took, given), Clock(40, now=told)).run((), lambda *_: None)
    assert given["training"] == 20
    assert given["memory"] == pytest.approx(20 / 3)


def test_a_stage_with_a_share_divides_the_time_with_training(told):
    given = {}
    took = {"preparation": 0, "training": 56, "memory": 10, "judge": 14, "calibration": 20}
    four = stages(told, took, given)
    judge = Stage("judge", four[0].work, share=0.25)
    Schedule([*four[:3], judge, four[3]], Clock(100, now=told)).run((), lambda *_: None)
    assert given == {"preparation": 0, "training": 56, "memory": 10, "judge": 14, "calibration": 20}


def test_with_steps_nothing_is_timed(told):
    given = {}
    took = dict.fromkeys(("preparation", "training", "memory", "calibration"), 1000)
    said = []
    Schedule(stages(told, took, given), Clock(now=told), 300, said.append).run((), lambda *_: None)
    assert set(given.values()) == {math.inf}
    assert said[0] == "Stage 2 of 4, training."
    assert list(Turn("memory", Clock(now=told), math.inf, 300).through(range(500), 20)) == [*range(500)]


def test_a_turn_ends_its_images_in_time_but_takes_the_fewest_that_are_needed(told):
    said = []
    turn = Turn("memory", Clock(1000, now=told), 30.0, progress=said.append)
    for _ in turn.through(range(300), least=5):
        told.time += 3
    assert turn.taken == 10
    assert said == ["memory: 4 of 300 images", "memory: 8 of 300 images"]
    late = Turn("calibration", Clock(1000, now=told), 1.0)
    for _ in late.through(range(300), least=5):
        told.time += 3
    assert late.taken == 5
    careful = Turn("calibration", Clock(1000, now=told), 40.0)
    for _ in careful.through(range(300), least=5, then=1.0):
        told.time += 3
    assert careful.taken == 10  # 30 seconds for them, and 10 for what follows


def test_times_are_words_and_budgets_are_rounded_up():
    assert [minutes(40.2), minutes(90), minutes(1800)] == ["40 s", "1.5 min", "30 min"]
    assert [budget_of(41), budget_of(61), budget_of(700)] == ["50s", "2m", "15m"]


ASKED = {"--seed": "0", "pictures": "abc"}


def test_a_work_folder_keeps_what_is_done_and_refuses_to_be_lost(tmp_path):
    output = tmp_path / "part.safetensors"
    work = Work.open(output, ASKED, resume=False, replace=False)
    work.finish("preparation", 3.0)
    Work.open(output, ASKED, resume=False, replace=False)  # nothing of worth is lost
    work.draft.write_bytes(b"a model")
    work.finish("training", 60.0)
    with pytest.raises(UsageError, match="continue it with --resume"):
        Work.open(output, ASKED, resume=False, replace=False)
    again = Work.open(output, ASKED, resume=True, replace=False)
    assert (again.state.done, again.state.spent) == (["preparation", "training"], 60.0)
    for other, sentence in (
        ({**ASKED, "--seed": "1"}, "begun with --seed 0, not with 1"),
        ({**ASKED, "pictures": "abd"}, "not those with which"),
    ):
        with pytest.raises(UsageError, match=sentence):
            Work.open(output, other, resume=True, replace=False)
    assert not Work.open(output, ASKED, resume=False, replace=True).worth_keeping
    again.remove()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="start it without --resume"):
        Work.open(output, ASKED, resume=True, replace=False)


def test_other_pictures_are_noticed(tmp_path):
    folder_of(tmp_path / "normals", 3)
    before = described(tmp_path / "normals")
    assert described(tmp_path / "normals") == before
    folder_of(tmp_path / "normals", 1, first=7)
    assert described(tmp_path / "normals") != before


def test_a_fit_that_breaks_off_goes_on_with_the_next_stage(tmp_path, capsys, monkeypatch):
    pytest.importorskip("pytorch_lightning")
    from vaeedit_anomaly.fitting import Fitting

    folder_of(tmp_path / "normals", 12)
    model, flags = tmp_path / "part.safetensors", ("--steps", "12")
    remember = Fitting.remember

    def stop(fitting, turn):
        raise KeyboardInterrupt

    monkeypatch.setattr(Fitting, "remember", stop)
    assert tiny_fit(tmp_path / "normals", model, *flags) == 130
    assert "the same command with --resume continues it" in capsys.readouterr().err
    assert not model.exists()
    assert tiny_fit(tmp_path / "normals", model, *flags) == 2
    assert "continue it with --resume" in capsys.readouterr().err
    assert tiny_fit(tmp_path / "normals", model, "--resume", "--steps", "13") == 2
    assert "begun with --budget 12 steps, not with 13 steps" in capsys.readouterr().err
    monkeypatch.setattr(Fitting, "remember", remember)
    monkeypatch.setattr(Fitting, "train", stop)  # it is done already
    assert tiny_fit(tmp_path / "normals", model, "--resume", *flags) == 0
    assert read_info(model).training["steps"] == 12
    assert sorted(path.name for path in tmp_path.iterdir()) == ["normals", "part.safetensors"]


def test_two_fits_of_one_model_do_not_meet(tmp_path, capsys):
    folder_of(tmp_path / "normals", 12)
    with Claim(tmp_path / "part.safetensors"):
        assert tiny_fit(tmp_path / "normals", tmp_path / "part.safetensors", "--steps", "2") == 2
    assert "wait until it has ended, or name another output" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["normals"]


def test_an_interruption_before_there_is_anything_to_keep_leaves_nothing(tmp_path, monkeypatch):
    from vaeedit_anomaly.fitting import Fitting

    def stop(fitting, turn):
        raise KeyboardInterrupt

    folder_of(tmp_path / "normals", 6)
    monkeypatch.setattr(Fitting, "prepare", stop)
    assert tiny_fit(tmp_path / "normals", tmp_path / "part.safetensors", "--steps", "2") == 130
    assert [path.name for path in tmp_path.iterdir()] == ["normals"]


SCRIPT = """
import sys
from pathlib import Path
from tiny_fit import tiny_fit
from vaeedit_anomaly import fitting
fitting.SAVE_EVERY = 0.2
sys.exit(tiny_fit(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_fit_that_is_killed_in_its_training_goes_on_from_the_checkpoint(tmp_path, number):
    pytest.importorskip("pytorch_lightning")
    folder_of(tmp_path / "normals", 12)
    model = tmp_path / "part.safetensors"
    command = [sys.executable, "-c", SCRIPT, tmp_path / "normals", model]
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths}
    begun = subprocess.Popen(
        [*command, "--budget", "10m"], env=environment, stderr=subprocess.PIPE, preexec_fn=listening
    )
    checkpoint = tmp_path / ".part.safetensors.fit" / "run" / "last.ckpt"
    while not checkpoint.exists() and begun.poll() is None:
        time.sleep(0.05)
    begun.send_signal(number)
    _, said = begun.communicate(timeout=60)
    assert begun.returncode != 0, said.decode()
    assert checkpoint.exists()
    assert not model.exists()
    # the budget is used up but for a moment: what is left is spent on the stages behind the training
    state = checkpoint.parents[1] / "state.json"
    kept = msgspec.json.decode(state.read_bytes())
    state.write_bytes(msgspec.json.encode({**kept, "spent": 598.0}))
    resumed = subprocess.run(
        [*command, "--budget", "10m", "--resume"], env=environment, capture_output=True, text=True
    )
    assert resumed.returncode == 0, resumed.stderr
    assert "instead of 10 min" in resumed.stderr
    assert read_info(model).training["steps"] > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["normals", "part.safetensors"]


def listening():
    """Let Ctrl-C reach the process even where the test runs in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_few_steps_are_a_warning_with_a_cure_that_the_summary_keeps(tmp_path, told):
    pytest.importorskip("pytorch_lightning")
    from vaeedit_anomaly.fit import few_steps, overrun

    clock = Clock(600.0, now=told)
    told.time = 590.0

    class Fitting:
        pass

    fitting = Fitting()
    fitting.clock = clock
    (sentence,) = few_steps(fitting, {"steps": 500, "minutes": 8.0})
    assert sentence.endswith("for 500 steps only and will miss defects; give --budget 40m or more.")
    assert list(few_steps(fitting, {"steps": 2000, "minutes": 8.0})) == []
    assert list(overrun(clock)) == []
    told.time = 700.0
    assert "took 11.7 min instead of 10 min" in next(overrun(clock))
    fitting.clock = Clock(now=told)
    (sentence,) = few_steps(fitting, {"steps": 12, "minutes": 0.0})
    assert sentence.endswith("give --steps 2000 or more.")

"""A plugin spoils itself alone: real packages, good and bad, beside the ones that ship."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plugin_maker import OPERATION, WORK, make_picture, of, operation, point, put, run, states
from vaeedit.errors import UnknownName
from vaeedit.extension.registry import discover, names_in
from vaeedit.extension.specs import CONTRACT, OperationSpec, WeightsSpec, hookimpl
from vaeedit.options import Options

PHOTO = Path(__file__).parents[1] / "plugins/vaeedit_photo/weights/photo.safetensors"
MINE = "name: mine\nsummary: Mine.\narchitecture: ladder\nobjective: {kind: restoration}\n"
"""A recipe with the objective of one plugin for the architecture of another."""

BAD = {
    "acme-missing": ("broken", "import no_such_package", "no_such_package"),
    "acme-syntax": ("broken", "def (:", "SyntaxError"),
    "acme-exit": ("broken", "import sys; sys.exit('go away')", "SystemExit: go away"),
    "acme-typo": (
        "broken",
        "from vaeedit.api import hookimpl\n@hookimpl\ndef vaeedit_operation():\n    return []",
        "vaeedit_operation",
    ),
    "acme-arguments": (
        "broken",
        "from vaeedit.api import hookimpl\n@hookimpl\ndef vaeedit_operations(color):\n    return []",
        "color",
    ),
    "acme-raises": (
        "broken",
        "from vaeedit.api import hookimpl\n@hookimpl\ndef vaeedit_operations():\n    return 1 / 0",
        "ZeroDivisionError",
    ),
    "acme-exits-late": (
        "broken",
        "from vaeedit.api import hookimpl\n@hookimpl\ndef vaeedit_weights():\n    raise SystemExit(3)",
        "SystemExit: 3",
    ),
    "acme-garbage": (
        "broken",
        "from vaeedit.api import hookimpl\n@hookimpl\ndef vaeedit_operations():\n    return ['denoise', 7]",
        "'denoise'; it must return a list of OperationSpec",
    ),
    "acme-number": (
        "broken",
        "from vaeedit.api import hookimpl\n@hookimpl\ndef vaeedit_operations():\n    return 42",
        "42; it must return a list of OperationSpec",
    ),
    "acme-unmarked": (
        "broken",
        "def vaeedit_operations():\n    return []",
        "vaeedit_operations is not marked as a hook; put @hookimpl above it",
    ),
    "acme-nameless": ("broken", OPERATION.format(name="", module="x"), "lower-case words"),
    "acme-newer": ("refused", "CONTRACT = 2\n" + OPERATION.format(name="newer", module="x"), "contract 2"),
    "acme-strange": ("refused", "CONTRACT = 'latest'", "contract latest"),
    "acme-clash": (
        "clash",
        OPERATION.format(name="denoise", module="acme_clash"),
        "reach this one as acme-clash:denoise",
    ),
}
"""Plugin name -> state, source, part of the reason."""


def write_project(folder: Path, name: str, source: str) -> Path:
    """The source tree of a tiny package with one module."""
    module = name.replace("-", "_")
    (folder / f"{module}.py").write_text(source)
    (folder / "pyproject.toml").write_text(
        f"""
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{name}"
version = "1.0"
[project.entry-points.vaeedit]
{name} = "{module}"
[tool.hatch.build.targets.wheel]
only-include = ["{module}.py"]
"""
    )
    return folder


def pip_install(target: Path, *projects: Path) -> None:
    """Build and install with pip, offline, into a folder of packages."""
    flags = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *flags, "--target", target, *projects]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize("name", BAD)
def test_each_bad_plugin_is_named_with_its_state_and_reason(tmp_path, name):
    state, source, reason = BAD[name]
    put(tmp_path, name, source)
    listed = run(tmp_path, "plugins", "--json")
    assert (listed.returncode, listed.stderr) == (0, "")
    rows = states(listed)
    assert rows[name]["state"] == state
    assert rows[name]["package"] == name
    assert reason in rows[name]["reason"]
    assert (rows["restore"]["state"], rows["ladder"]["state"]) == ("loaded", "loaded")
    for_people = run(tmp_path, "plugins").stdout
    assert name in for_people
    assert state in for_people
    assert reason in for_people
    still = run(tmp_path, "denoise", "--help")
    assert (still.returncode, still.stderr) == (0, "")
    assert "From the package" not in still.stdout


@pytest.fixture(scope="module")
def all_bad(tmp_path_factory):
    """Every bad plugin in one place; the broken, the clashing and the newer one built and installed by pip."""
    folder = tmp_path_factory.mktemp("bad")
    by_pip = ("acme-missing", "acme-newer", "acme-clash")
    projects = []
    for name, (_, source, _) in BAD.items():
        if name in by_pip:
            projects.append(write_project(tmp_path_factory.mktemp(name), name, source))
        else:
            put(folder, name, source)
    pip_install(folder, *projects)
    (folder / "acme_clash_work.py").write_text(WORK.format(body="raise RuntimeError('the clashing one')"))
    return folder


def test_denoise_works_and_is_quiet_beside_all_bad_plugins(all_bad, tmp_path):
    make_picture(tmp_path / "in.png")
    done = run(all_bad, "denoise", "in.png", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert Image.open(tmp_path / "in.denoise.png").size == (40, 32)
    helped = run(all_bad, "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert "acme" not in helped.stdout
    assert "newer" not in helped.stdout


@pytest.mark.parametrize("name", [name for name, (state, _, _) in BAD.items() if state != "clash"])
def test_asking_for_a_bad_plugin_gives_package_cause_and_cure(all_bad, name):
    state, _, reason = BAD[name]
    for command in (name, f"{name}:anything"):
        done = run(all_bad, command, "in.png")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(
            f"Error: There is no command called '{command}'. The plugin {name} of the package {name} is {state}: "
        )
        assert reason in done.stderr
        assert done.stderr.endswith(f"pip uninstall {name}\n")
        assert "Traceback" not in done.stderr


def test_the_clashing_operation_is_reached_by_its_full_name(all_bad, tmp_path):
    make_picture(tmp_path / "in.png")
    helped = run(all_bad, "acme-clash:denoise", "--help")
    assert "From the package acme-clash." in helped.stdout
    done = run(all_bad, "acme-clash:denoise", "in.png", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    cause = "The operation denoise of acme-clash 1.0 failed: RuntimeError: the clashing one"
    assert done.stderr == f"Error: in.png: {cause}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


@pytest.mark.parametrize("source", ["import no_such_package", OPERATION.format(name="denoise", module="x")])
def test_a_stranger_under_the_name_of_a_shipped_plugin_takes_nothing_away(tmp_path, source):
    put(tmp_path, "impostor", source, point="restore")
    listed = run(tmp_path, "plugins", "--json")
    rows = [row for row in map(json.loads, listed.stdout.splitlines()) if row["plugin"] == "restore"]
    assert [(row["package"], row["state"]) for row in rows] == [
        ("vaeedit", "loaded"),
        ("impostor", "refused"),
    ]
    assert "vaeedit has a plugin of this name already" in rows[1]["reason"]
    for command in ("denoise", "restore:denoise"):
        helped = run(tmp_path, command, "--help")
        assert helped.returncode == 0
        assert "impostor" not in helped.stdout


def test_a_distribution_without_metadata_is_survived(tmp_path):
    put(tmp_path, "acme-bare", "import no_such_package")
    (tmp_path / "acme_bare-1.0.dist-info" / "METADATA").unlink()
    done = run(tmp_path, "plugins", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert states(done)["acme-bare"]["state"] == "broken"


def test_the_environment_selects_plugins(all_bad, tmp_path):
    none = states(run(all_bad, "plugins", "--json", VAEEDIT_PLUGINS=""))
    assert {row["state"] for row in none.values()} == {"off"}
    two = states(run(all_bad, "plugins", "--json", VAEEDIT_PLUGINS="restore, acme-exit"))
    assert {name: row["state"] for name, row in two.items() if row["state"] != "off"} == {
        "restore": "loaded",
        "acme-exit": "broken",
    }
    only = states(run(all_bad, "plugins", "--json", VAEEDIT_PLUGINS="acme-clash"))
    assert only["acme-clash"]["state"] == "loaded"  # nobody else claims the name now
    done = run(all_bad, "restore:denoise", "in.png", VAEEDIT_PLUGINS="ladder")
    assert done.returncode == 2
    assert "The plugin restore of the package vaeedit is off: it is not in VAEEDIT_PLUGINS." in done.stderr
    assert "Add it to VAEEDIT_PLUGINS" in done.stderr
    assert "pip uninstall" not in done.stderr
    helped = run(all_bad, "--help", VAEEDIT_PLUGINS="")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert "Remove noise" not in helped.stdout


@pytest.mark.parametrize(
    ("command", "kind", "owner"),
    [
        (["style", "in.png", "in.png"], "VAE 'photo'", "photo"),
        (["vary", "in.png", "--vae", "denoise"], "command 'vary'", "photo"),
        (["style", "in.png", "in.png", "--vae", "denoise"], "VAE 'denoise'", "restore"),
        (["style", "in.png", "in.png", "--vae", "file"], "architecture 'photo'", "photo"),
        (["train", "denoise", ".", "-o", "out.safetensors"], "recipe 'denoise'", "restore"),
        (
            ["train", "mine.yaml", ".", "-o", "out.safetensors"],
            "objective 'restoration'",
            "restore",
        ),
        (["evaluate", "reconstruct", "."], "evaluation 'reconstruct'", "photo"),
    ],
)
def test_what_a_plugin_that_is_off_would_have_names_the_plugin_and_the_variable(
    tmp_path, command, kind, owner
):
    make_picture(tmp_path / "in.png")
    shutil.copyfile(PHOTO, tmp_path / "file.safetensors")
    (tmp_path / "mine.yaml").write_text(MINE)
    command = ["file.safetensors" if word == "file" else word for word in command]
    done = run(tmp_path, *command, VAEEDIT_PLUGINS="style,ladder")
    assert done.returncode in (1, 2)
    assert (
        f"There is no {kind.replace(' ', ' called ')}. The plugin {owner} of the package vaeedit"
        in done.stderr
    )
    assert "is off: it is not in VAEEDIT_PLUGINS. Add it to VAEEDIT_PLUGINS, or unset" in done.stderr


def test_a_name_that_nobody_knows_tells_of_plugins_that_are_not_loaded(all_bad):
    done = run(all_bad, "style", "in.png", "in.png", "--vae", "grain")
    assert done.returncode == 2
    assert "There is no VAE called 'grain'; there are: " in done.stderr
    assert "acme-exit (broken)" in done.stderr
    assert "see: vaeedit plugins" in done.stderr
    off = run(all_bad, "vary", "in.png", "--vae", "grain", VAEEDIT_PLUGINS="photo,acme-clash")
    assert "There is no VAE called 'grain'; there are: photo" in off.stderr
    assert "acme-exit (off)" in off.stderr
    assert "SystemExit" not in off.stderr


def test_the_trace_shows_the_hook_calls(all_bad):
    traced = run(all_bad, "ops", VAEEDIT_TRACE="1")
    assert traced.returncode == 0
    assert "vaeedit_operations" in traced.stderr
    assert "vaeedit_weights" in traced.stderr
    assert traced.stdout == run(all_bad, "ops").stdout
    assert run(all_bad, "ops").stderr == ""


GOOD = {
    "pyproject.toml": """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "acme-brighten"
version = "1.2"
[project.entry-points.vaeedit]
brighten = "acme_brighten"
[tool.hatch.build.targets.wheel]
packages = ["acme_brighten"]
""",
    "acme_brighten/__init__.py": '''
from typing import Annotated
from vaeedit.api import OperationSpec, Options, WeightsSpec, hookimpl, option

class BrightenOptions(Options, frozen=True):
    """Options."""
    add_steps: Annotated[int, option("Steps of 255 to add.", ge=0, le=50)] = 10
    invert: Annotated[bool, option("Invert the picture.")] = False

@hookimpl
def vaeedit_operations():
    return [OperationSpec(name="brighten", summary="Add light.", vae="denoise", options=BrightenOptions,
                          target="acme_brighten.work:Brighten", maps={"before": "The picture as it was."})]

@hookimpl
def vaeedit_weights():
    return [WeightsSpec(name="acme-lost", summary="Lost.", resource="acme_brighten:lost.safetensors")]
''',
    "acme_brighten/work.py": """
from dataclasses import replace
import numpy as np
from vaeedit.api import Edit, Result

class Brighten(Edit):
    def edit(self, latents):
        return latents.mean()

    def after(self, frames, originals):
        pixels = np.clip(originals[0].pixels.astype(int) + self.options.add_steps, 0, 255)
        pixels = 255 - pixels if self.options.invert else pixels
        frame = replace(frames[0], pixels=pixels.astype(np.uint8))
        return Result(frame, {"before": originals[0]}, {"steps": self.options.add_steps})
""",
}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A good plugin, built and installed by pip."""
    project, target = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("site")
    for name, text in GOOD.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text)
    pip_install(target, project)
    return target


def test_a_good_plugin_runs_end_to_end_with_its_option_and_map(good, tmp_path):
    source = np.asarray(Image.open(make_picture(tmp_path / "in.png"))).astype(int)
    flags = ["--add-steps", "30", "--invert", "--before", "before.png", "--json"]
    done = run(good, "brighten", "in.png", *flags, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    record = json.loads(done.stdout)
    assert record["notes"]["brighten"]["steps"] == 30
    assert record["sides"] == {"before": "before.png"}
    result = np.asarray(Image.open(tmp_path / "in.brighten.png")).astype(int)
    assert (result == 255 - np.clip(source + 30, 0, 255)).all()
    assert (np.asarray(Image.open(tmp_path / "before.png")) == source).all()


def test_a_good_plugin_is_listed_with_what_it_provides(good):
    row = states(run(good, "plugins", "--json"))["brighten"]
    assert (row["state"], row["package"], row["reason"]) == ("loaded", "acme-brighten", "")
    assert row["provides"] == {"operations": ["brighten"], "weights": ["acme-lost"]}
    listed = run(good, "plugins").stdout.split("\n  ")
    assert [line.split() for line in listed if "brighten" in line or "acme-lost" in line][-2:] == [
        ["operations", "brighten"],
        ["weights", "acme-lost"],
    ]
    assert "Add light." in run(good, "--help").stdout
    helped = " ".join(run(good, "brighten", "--help").stdout.split())
    assert "--add-steps 0..50 Steps of 255 to add. [default: 10]" in helped
    assert "--invert / --no-invert" in helped
    assert "From the package acme-brighten." in helped


def test_a_good_plugins_option_is_checked(good):
    make_picture(good / "in.png")
    done = run(good, "brighten", "in.png", "--add-steps", "51")
    assert done.returncode == 2
    assert "--add-steps must be a whole number from 0 to 50, not '51'." in done.stderr
    assert not (good / "in.brighten.png").exists()


def test_weights_that_are_lost_hide_none_of_the_others(good):
    done = run(good, "models", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    rows = {row["vae"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert "lost.safetensors" in rows["acme-lost"]["problem"]
    assert rows["denoise"]["architecture"] == "ladder-restorer"


def test_names_are_found_bare_and_qualified_in_order_of_name():
    first, second = operation(summary="First."), operation(summary="Second.")
    found = discover(
        [point("b-two", vaeedit_operations=of(second)), point("a-one", vaeedit_operations=of(first))]
    )
    assert [(report.plugin, report.state) for report in found.reports] == [
        ("a-one", "loaded"),
        ("b-two", "clash"),
    ]
    assert found.operations.find("soften").spec is first
    assert found.operations.find("a-one:soften").spec is first
    assert found.operations.find("b-two:soften").spec is second
    assert "operation 'soften' belongs to a-one" in found.reports[1].reason
    with pytest.raises(UnknownName, match="did you mean 'soften'"):
        found.operations.find("softn")
    with pytest.raises(UnknownName, match="did you mean 'b-two:soften'"):
        found.operations.find("b-two:softn")


@pytest.mark.parametrize(
    "spec",
    [
        operation(name=None),
        operation(name="With Spaces"),
        operation(name="a:b"),
        operation(summary=None),
        operation(target=object),
        operation(vae=None),
        operation(options=dict),
        operation(options=Options()),
        operation(maps=["uncertainty"]),
        WeightsSpec(name="w", summary="s", resource=3),
        OperationSpec,
        None,
    ],
    ids=repr,
)
def test_a_spec_that_nothing_could_be_made_from_breaks_its_plugin_alone(spec):
    points = [
        point("odd", vaeedit_operations=of(spec)),
        point("fine", vaeedit_operations=of(operation("fine"))),
    ]
    found = discover(points)
    assert {report.plugin: report.state for report in found.reports} == {"odd": "broken", "fine": "loaded"}
    assert list(found.operations.bare) == ["fine"]


@pytest.mark.parametrize(
    ("contract", "state"), [(CONTRACT, "loaded"), (CONTRACT + 1, "refused"), ("2", "refused")]
)
def test_the_contract_decides_on_admission(contract, state):
    found = discover([point("it", CONTRACT=contract, vaeedit_operations=of(operation()))])
    assert found.reports[0].state == state
    assert bool(found.operations.bare) == (state == "loaded")


def test_ctrl_c_while_plugins_load_is_no_broken_plugin():
    @hookimpl
    def vaeedit_operations():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        discover([point("slow", vaeedit_operations=vaeedit_operations)])


@pytest.mark.parametrize(
    ("value", "names"),
    [(None, None), ("", set()), (" , ", set()), ("a", {"a"}), (" a, b ,", {"a", "b"})],
)
def test_the_selection_is_read_from_the_environment(monkeypatch, value, names):
    monkeypatch.delenv("VAEEDIT_PLUGINS", raising=False)
    if value is not None:
        monkeypatch.setenv("VAEEDIT_PLUGINS", value)
    assert names_in("VAEEDIT_PLUGINS") == names

"""A command that makes a model replaces nothing, and says before any work where it cannot write."""

import pytest


@pytest.fixture
def files(tmp_path, photo):
    (tmp_path / "data").mkdir()
    photo(tmp_path / "data" / "a.png")
    for name in ("there.safetensors", "notes.md", "weights.pth"):
        (tmp_path / name).write_bytes(b"something of mine")
    (tmp_path / "link.safetensors").symlink_to("nowhere")


TRAIN = ["train", "denoise", "data", "--steps", "1", "--run", "run"]
BRANCH = [
    "train",
    "plan.yaml",
    "data",
    "--standing",
    "job",
    "--branch",
    "denoise",
    "--budget",
    "5s",
]
CONVERT = ["models", "convert", "weights.pth"]


@pytest.mark.parametrize(
    "command", [TRAIN, [*TRAIN, "--start", "denoise"], CONVERT], ids=["train", "start", "convert"]
)
@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("there.safetensors", "there.safetensors exists already"),
        ("notes.safetensors", "notes.md exists already"),
        ("link.safetensors", "link.safetensors exists already"),
        ("mine.md", "Both the model and the card of the model would become mine.md"),
        ("none/mine.safetensors", "there is no folder none"),
    ],
)
def test_nothing_is_replaced(vaeedit, files, contents, tmp_path, command, output, said):
    before = contents(tmp_path)
    vaeedit(*command, "-o", output).assert_refused(2, said)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("more", [[], ["--resume"]])
def test_the_vae_that_training_starts_from_stays(vaeedit, files, contents, tmp_path, more):
    before = contents(tmp_path)
    start = ["--start", "data/../there.safetensors"]
    vaeedit(*TRAIN, *start, *more, "-o", "there.safetensors").assert_refused(2, "is the VAE of --start")
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("output", "said"), [("there.safetensors", "exists already"), ("plan.yaml", "plan.yaml is the plan")]
)
def test_a_branch_replaces_nothing(vaeedit, files, contents, tmp_path, output, said):
    (tmp_path / "plan.yaml").write_text("runs: [{recipe: denoise}]\n")
    before = contents(tmp_path)
    vaeedit(*BRANCH, "-o", output).assert_refused(2, said)
    assert contents(tmp_path) == before

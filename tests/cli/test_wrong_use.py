"""A request that cannot be meant: exit code 2, one sentence, nothing written."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import torch


@pytest.fixture
def refused(vaeedit, contents, tmp_path, photo):
    """Run in a folder with in.png, other/in.png and there.png; it must be refused and leave all as it was."""
    (tmp_path / "other").mkdir()
    for name in ("in.png", "other/in.png", "there.png"):
        photo(tmp_path / name, size=(16, 16))

    def check(arguments, *fragments, code=2):
        before = contents(tmp_path)
        vaeedit(*arguments).assert_refused(code, *fragments)
        assert contents(tmp_path) == before

    return check


@pytest.mark.parametrize(
    ("flags", "fragments"),
    [
        (["--strenght", "1"], ["--strenght", "--strength"]),
        (["--nothing-like-it"], ["--nothing-like-it"]),
        (["--strength", "2.1"], ["--strength", "from 0 to 2", "2.1"]),
        (["--strength", "-1"], ["--strength", "from 0 to 2"]),
        (["--strength", "much"], ["--strength", "a number", "much"]),
        (["--strength", "nan"], ["--strength", "a number", "nan"]),
        (["--strength", ""], ["--strength", "a number"]),
        (["--sigma", "76"], ["--sigma", "from 0 to 75, or auto", "76"]),
        (["--sigma", "some"], ["--sigma", "auto", "some"]),
        (["--realism", "1.5"], ["--realism", "from 0 to 1"]),
        (["--samples", "2.5"], ["--samples", "a whole number from 0 to 256"]),
        (["--samples", "257"], ["--samples", "a whole number from 0 to 256"]),
        (["--seed", "-1"], ["--seed", "at least 0"]),
        (["--seed", "x"], ["--seed", "a whole number"]),
        (["--tile", "15"], ["--tile", "at least 16"]),
        (["--tile", "big"], ["--tile", "a whole number"]),
        (["--precision", "float8"], ["--precision", "bfloat16", "float8"]),
        (["--exists", "maybe"], ["--exists", "overwrite", "unique"]),
        (["--strength"], ["--strength", "requires an argument"]),
        (["-o", "out.psd"], ["out.psd", "picture format", ".png"]),
        (["-o", "out"], ["out", "picture format"]),
        (["-o", "in.png"], ["in.png", "is an input", "--in-place"]),
        (["-o", "./other/../in.png"], ["is an input"]),
        (["-o", "there.png"], ["there.png exists", "overwrite"]),
        (["-o", "new.png", "--in-place"], ["--in-place", "-o"]),
        (["-o", "new.png", "--compare", "new.png"], ["Both", "compare", "become new.png"]),
        (["-o", "new.png", "--compare", "in.png"], ["in.png is an input", "compare"]),
        (["-o", "new.png", "--compare", "there.png"], ["there.png exists"]),
        (["-o", "new.png", "--compare", "x.psd"], ["--compare", "x.psd", "picture format"]),
        (["-o", "new.png", "--compare", "x.png", "--uncertainty", "x.png"], ["Both", "become x.png"]),
        (["no.png"], ["There is no file no.png"]),
        (["other"], ["other is a folder", "-o"]),
        (["-"], ["Standard input", "-o"]),
        (["there.png", "-o", "-"], ["Standard output", "one picture"]),
        (["there.png", "-o", "there.png/out"], ["there.png is a file", "folder"]),
        (["there.png", "-o", "there.png"], ["there.png is a file", "folder"]),
        (["there.png", "-o", "one.png"], ["one.png is the name of one picture", "one.png/"]),
        (["there.png", "-o", "new/one.jpg"], ["new/one.jpg/"]),
        (["other/in.png", "-o", "out"], ["of in.png and", "of other/in.png would become out/in.png"]),
        (["in.png"], ["Both", "become in.denoise.png"]),
        (["there.png", "-o", "out", "--device", "nonsense"], ["nonsense", "cpu"]),
        (["-o", "new.png", "--device", "nonsense"], ["nonsense", "cpu"]),
        (["-o", "new.png", "--device", "cpu:x"], ["cpu:x"]),
        (["-o", "new.png", "--device", "meta"], ["meta", "not available"]),
        (["-o", "new.png", "--precision", "float16", "--device", "cpu"], ["float16", "bfloat16"]),
        (["there.png", "-o", "out", "--vae", "denose"], ["denose", "did you mean 'denoise'"]),
        (["-o", "new.png", "--vae", "no.safetensors"], ["There is no VAE file no.safetensors"]),
    ],
    ids=" ".join,
)
def test_a_wrong_request_is_refused_in_a_sentence(refused, flags, fragments):
    refused(["denoise", "in.png", *flags], *fragments)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_device_that_is_missing_is_refused(refused, device):
    refused(["denoise", "in.png", "--device", device], device, "not available", "cpu")


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (["densoise", "in.png"], ["densoise", "did you mean 'denoise'"]),
        (["modells"], ["modells", "did you mean 'models'"]),
        (["zzzz"], ["zzzz", "denoise", "run"]),
        (["restore:denose", "in.png"], ["restore:denose", "did you mean 'restore:denoise'"]),
        (["denoise"], ["INPUTS"]),
        (["--nonsense"], ["--nonsense"]),
        (["plugins", "extra"], ["extra"]),
        (["evaluate", "denoise", "no-such-folder"], ["no-such-folder"]),
        (["evaluate", "denoise", ".", "--sigma", "-3"], ["--sigma"]),
        (["evaluate", "denoise", ".", "--precision", "float8"], ["precision", "bfloat16", "float8"]),
        (["evaluate", "denoise", ".", "--device", "nonsense"], ["nonsense", "cpu"]),
        (["train", "denoise", ".", "--budget", "soon"], ["soon", "45m"]),
        (["train", "denoise"], ["DATA"]),
    ],
    ids=" ".join,
)
def test_a_wrong_command_is_refused_in_a_sentence(refused, arguments, fragments):
    refused(arguments, *fragments)


def test_an_output_in_a_missing_folder_is_an_error_of_the_file(refused):
    refused(["denoise", "in.png", "-o", "no/where/out.png"], "there is no folder", "no/where", code=1)


def test_two_side_pictures_of_one_name_are_refused(vaeedit, photo, contents, tmp_path):
    photo(tmp_path / "a.png")
    photo(tmp_path / "a.jpg")
    before = contents(tmp_path)
    ran = vaeedit("denoise", "a.png", "a.jpg", "--compare", "cmp")
    ran.assert_refused(2, "Both", "become cmp/a.compare.png")
    assert contents(tmp_path) == before


def test_a_folder_without_pictures_is_refused(vaeedit, tmp_path):
    (tmp_path / "empty").mkdir()
    vaeedit("denoise", "empty", "-o", "out").assert_refused(2, "no picture in empty")
    assert not (tmp_path / "out").exists()


def test_the_process_itself_exits_with_two(run_vaeedit, tmp_path):
    done = run_vaeedit("denoise", "no.png", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"Error: There is no file no.png.\n"


@pytest.mark.parametrize("name", ["qqqq", "qqqq:qqqq"])
def test_a_name_of_a_command_and_of_an_operation_is_listed_once(vaeedit, name):
    ran = vaeedit(name, "in.png")
    ran.assert_refused(2, "There is no command called", "there are: ", "anomaly")
    names = ran.err.partition("there are: ")[2].strip().rstrip(".").split(", ")
    assert sorted(set(names)) == names


def test_a_picture_is_not_written_onto_a_terminal(photo, tmp_path):
    photo(tmp_path / "in.png", size=(16, 16))
    terminal, side = pty.openpty()
    command = [Path(sys.executable).with_name("vaeedit"), "denoise", "in.png", "-o", "-"]
    ran = subprocess.run(command, cwd=tmp_path, stdout=side, stderr=subprocess.PIPE, text=True)
    os.close(side)
    os.set_blocking(terminal, False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("Error: Standard output is a terminal")
    with pytest.raises(OSError, match=r"."):  # nothing was written
        os.read(terminal, 1)
    os.close(terminal)

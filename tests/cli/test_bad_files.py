"""A file that cannot be done: exit code 1, a sentence that names it, nothing written, and the others are done."""

import json
import os
import pickle
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from vaeedit.batch.journal import NAME
from vaeedit.errors import ImageError

SHIPPED = Path(__file__).parents[2] / "plugins/vaeedit_restore/weights/denoise-photo.safetensors"


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _bomb() -> bytes:
    """A PNG that says it has 60,000 x 60,000 pixels, in a few bytes."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = _chunk(b"IDAT", zlib.compress(bytes(100_000))) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + body


def _make_bad(folder: Path, photo) -> dict[str, str]:
    """Bad files, and what the sentence about each must say."""
    whole = photo(folder / "whole.jpg", size=(200, 200)).read_bytes()
    (folder / "whole.jpg").unlink()
    (folder / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "text.png").write_text("This is no picture.\n" * 50)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "bomb.png").write_bytes(_bomb())
    for name in ("layers.psd", "disguised.png"):
        (folder / name).write_bytes(b"8BPS\0\1" + bytes(40))
    (folder / "noise.webp").write_bytes(np.random.default_rng(0).bytes(5000))
    return {
        "truncated.jpg": "damaged",
        "text.png": "not a picture",
        "empty.jpg": "empty (0 bytes)",
        "bomb.png": "60000 x 60000 pixels",
        "layers.psd": "the format Photoshop",
        "disguised.png": "the format Photoshop",
        "noise.webp": "not a picture",
    }


BAD = ("truncated.jpg", "text.png", "empty.jpg", "bomb.png", "layers.psd", "disguised.png", "noise.webp")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_a_sentence_and_nothing_is_written(vaeedit, photo, contents, tmp_path, name):
    meaning = _make_bad(tmp_path, photo)
    before = contents(tmp_path)
    vaeedit("denoise", name).assert_refused(1, name, meaning[name])
    vaeedit("denoise", name, "-o", "out.png", "--strength", "0").assert_refused(1, name)
    vaeedit("denoise", name, "--in-place").assert_refused(1, name)
    assert contents(tmp_path) == before


@pytest.fixture(scope="module")
def batch(tmp_path_factory, run_vaeedit, photo):
    """Good and bad files together in one real process, with JSON."""
    folder = tmp_path_factory.mktemp("batch")
    meaning = _make_bad(folder, photo)
    photo(folder / "good-1.jpg")
    photo(folder / "good-2.png")
    files = ["good-1.jpg", *meaning, "good-2.png"]
    return folder, meaning, run_vaeedit("denoise", *files, "-o", "out", "--json", cwd=folder)


def test_in_a_batch_the_good_files_are_done(batch):
    folder, _, done = batch
    assert done.returncode == 1
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["good-1.jpg", "good-2.png", NAME]
    assert Image.open(folder / "out" / "good-2.png").size == (88, 72)


def test_in_a_batch_every_bad_file_is_named(batch):
    _, meaning, done = batch
    errors = [line for line in done.stderr.decode().splitlines() if line.startswith("Error: ")]
    assert len(errors) == len(meaning)
    for error, (name, fragment) in zip(errors, meaning.items(), strict=True):
        assert name in error
        assert fragment in error
    assert b"Traceback" not in done.stderr


def test_in_a_batch_every_file_has_its_json_line(batch):
    records = [json.loads(line) for line in batch[2].stdout.decode().splitlines()]
    states = {record["input"]: record["status"] for record in records}
    assert states == {"good-1.jpg": "done", "good-2.png": "done"} | dict.fromkeys(batch[1], "failed")
    assert all(r["input"] in r["error"] for r in records if r["status"] == "failed")


def test_in_a_batch_people_are_told_how_many_were_done(vaeedit, photo, tmp_path):
    photo(tmp_path / "good.png", size=(16, 16))
    (tmp_path / "bad.png").write_bytes(b"")
    ran = vaeedit("denoise", "good.png", "bad.png")
    assert ran.code == 1
    assert ran.out.startswith("good.png -> good.denoise.png")
    assert "Error: bad.png is empty (0 bytes)." in ran.err
    assert "1 of 2 done, 1 failed." in ran.err


def test_a_picture_with_a_strange_name_needs_an_output_and_stops_no_batch(vaeedit, photo, tmp_path):
    photo(tmp_path / "in.png", size=(16, 16)).rename(tmp_path / "scan")
    photo(tmp_path / "good.png", size=(16, 16))
    ran = vaeedit("denoise", "scan", "good.png")
    assert ran.code == 1
    assert "scan.denoise does not end in a picture format" in ran.err
    assert (tmp_path / "good.denoise.png").exists()
    assert vaeedit("denoise", "scan", "-o", "out.png").code == 0
    assert vaeedit("denoise", "scan", "-o", "same.png", "--strength", "0").code == 0


def test_a_format_that_cannot_hold_the_size_is_an_error_that_names_the_file(
    vaeedit, photo, contents, tmp_path
):
    photo(tmp_path / "long.png", size=(1, 17_000))
    before = contents(tmp_path)
    vaeedit("denoise", "long.png", "-o", "out.webp", "--strength", "0").assert_refused(1, "long.png", "WEBP")
    assert contents(tmp_path) == before


def test_a_folder_that_cannot_be_made_is_an_error(vaeedit, photo, contents, tmp_path):
    photo(tmp_path / "in.png", size=(16, 16))
    (tmp_path / "file").write_text("in the way")
    before = contents(tmp_path)
    vaeedit("denoise", "in.png", "-o", "file/out/").assert_refused(2, "file is a file")
    assert contents(tmp_path) == before
    ran = vaeedit("denoise", "in.png", "-o", "out.png", "--compare", "file/deep/x.png")
    assert ran.code == 1
    assert "in.png: The folder file/deep cannot be made" in ran.err


def test_a_full_disk_is_an_error_and_leaves_nothing(vaeedit, photo, tmp_path, small_disk):
    photo(tmp_path / "big.png", size=(200, 300))
    photo(tmp_path / "small.png", size=(20, 30))
    disk = small_disk(64)
    ran = vaeedit("denoise", "big.png", "small.png", "-o", "disk")
    assert ran.code == 1
    assert "disk/big.png cannot be written: no space left on device." in ran.err
    assert "Traceback" not in ran.err
    assert sorted(path.name for path in disk.iterdir()) == ["small.png", NAME]


def test_a_full_disk_leaves_an_input_in_place_as_it_was(vaeedit, photo, small_disk):
    disk = small_disk(64)
    small = photo(disk / "in.jpg", size=(220, 300))
    before = small.read_bytes()
    assert 64_000 > len(before) > 32_000  # there is no room for a second one
    ran = vaeedit("denoise", small, "--in-place", "--strength", "0.01")
    ran.assert_refused(1, "in.jpg cannot be written: no space left")
    assert small.read_bytes() == before
    assert [path.name for path in disk.iterdir()] == ["in.jpg"]


def test_debug_shows_the_traceback(vaeedit, run_vaeedit, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"")
    done = run_vaeedit("denoise", "bad.png", "--debug", cwd=tmp_path)
    assert done.returncode == 1
    assert b"Traceback" in done.stderr
    assert done.stderr.rstrip().endswith(b"ImageError: bad.png is empty (0 bytes).")
    with pytest.raises(ImageError):
        vaeedit("denoise", "bad.png", "--debug")


def test_an_empty_standard_input_is_an_error(run_vaeedit, tmp_path):
    done = run_vaeedit("denoise", "-", "-o", "-", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"Error: standard input is empty (0 bytes).\n"


def test_standard_input_without_end_is_an_error(run_vaeedit, tmp_path, monkeypatch):
    monkeypatch.setenv("VAEEDIT_MAX_PICTURE_BYTES", "1000")
    done = run_vaeedit("denoise", "-", "-o", "-", cwd=tmp_path, stdin=bytes(5000))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"standard input has more bytes than the limit of 1,000; VAEEDIT_MAX_PICTURE_BYTES" in done.stderr


def _header_and_tensors():
    """Of the shipped file as an older version wrote it: without checksums, which would be what is found wrong first."""
    with safe_open(SHIPPED, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        document = json.loads(file.metadata()["vaeedit"])
    del document["seal"]
    return {"vaeedit": json.dumps(document | {"format": 1})}, tensors


def _truncated(path: Path) -> None:
    path.write_bytes(SHIPPED.read_bytes()[:-5000])


def _pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps({"weights": list(range(1000))}))


def _torch_saved(path: Path) -> None:
    torch.save({"weights": torch.zeros(10)}, path)


def _headless(path: Path) -> None:
    save_file(_header_and_tensors()[1], path)


def _misshapen(path: Path) -> None:
    header, tensors = _header_and_tensors()
    name = max(tensors, key=lambda key: tensors[key].dim())
    save_file({**tensors, name: tensors[name][:1].clone()}, path, metadata=header)


def _incomplete(path: Path) -> None:
    header, tensors = _header_and_tensors()
    save_file(dict(list(tensors.items())[1:]), path, metadata=header)


def _unreadable_header(path: Path) -> None:
    save_file(_header_and_tensors()[1], path, metadata={"vaeedit": "{not json"})


def _unknown_architecture(path: Path) -> None:
    header, tensors = _header_and_tensors()
    document = json.loads(header["vaeedit"]) | {"architecture": "acme-vq"}
    save_file(tensors, path, metadata={"vaeedit": json.dumps(document)})


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "fragment"),
    [
        (_truncated, "not a readable safetensors file"),
        (_pickled, "not a readable safetensors file"),
        (_torch_saved, "not a readable safetensors file"),
        (_empty, "not a readable safetensors file"),
        (_headless, "no vaeedit header"),
        (_unreadable_header, "header"),
        (_misshapen, "does not fit its architecture"),
        (_incomplete, "does not fit its architecture"),
        (_unknown_architecture, "acme-vq"),
    ],
)
def test_a_damaged_vae_file_gets_a_sentence(vaeedit, photo, contents, tmp_path, damage, fragment):
    photo(tmp_path / "in.png", size=(16, 16))
    damage(tmp_path / "mine.safetensors")
    before = contents(tmp_path)
    ran = vaeedit("denoise", "in.png", "-o", "out/", "--vae", "mine.safetensors")
    ran.assert_refused(1, "mine.safetensors", fragment)
    assert contents(tmp_path) == before


def test_a_healthy_copy_of_the_vae_file_works(vaeedit, photo, pixels, tmp_path):
    photo(tmp_path / "in.png", size=(16, 16))
    header, tensors = _header_and_tensors()
    save_file(tensors, tmp_path / "mine.safetensors", metadata=header)
    assert vaeedit("denoise", "in.png", "-o", "a.png", "--vae", "mine.safetensors").code == 0
    assert vaeedit("denoise", "in.png", "-o", "b.png").code == 0
    assert (pixels(tmp_path / "a.png") == pixels(tmp_path / "b.png")).all()


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see when work has begun")
@pytest.mark.parametrize(
    ("seconds", "arguments"),
    [(5.0, ["-o", "out.png"]), (5.0, ["--in-place"]), (0.8, ["-o", "new/"])],
    ids=["working", "in place", "starting"],
)
def test_ctrl_c_leaves_nothing_behind(start_vaeedit, contents, tmp_path, seconds, arguments):
    tile = np.random.default_rng(0).integers(60, 190, (400, 600, 3), dtype=np.uint8)
    Image.fromarray(np.tile(tile, (10, 10, 1))).save(tmp_path / "large.jpg", quality=90)
    before = contents(tmp_path)
    process = start_vaeedit("denoise", "large.jpg", *arguments, cwd=tmp_path)
    while process.poll() is None and _processor_seconds(process.pid) < seconds:
        time.sleep(0.05)
    assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    assert out == b""
    assert err.decode().strip() == "Error: interrupted; nothing partial was left behind."
    assert contents(tmp_path) == before


def test_memory_that_runs_out_is_a_sentence_about_the_file(tmp_path, photo):
    photo(tmp_path / "in.png", size=(16, 16))
    code = """
import sys, vaeedit_restore.denoise as o
from vaeedit.cli.main import call
def edit(self, latents):
    raise MemoryError
o.Denoise.edit = edit
sys.exit(call(["denoise", "in.png"]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"Error: in.png does not fit into memory; try a smaller --tile.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


def test_a_damaged_picture_is_edited_as_far_as_it_goes_where_that_is_asked_for(vaeedit, photo, tmp_path):
    data = photo(tmp_path / "whole.png", size=(64, 64)).read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    vaeedit("denoise", "cut.png").assert_refused(1, "cut.png", "is damaged", "--damaged warn")
    ran = vaeedit("denoise", "cut.png", "--strength", "0", "-o", "out.png", "--damaged", "warn")
    assert ran.code == 0
    assert "Warning: cut.png is damaged: it ends early." in ran.err
    assert Image.open(tmp_path / "out.png").size == (64, 64)
    Image.open(tmp_path / "out.png").verify()


def test_the_film_of_a_motion_photo_is_left_out_with_a_warning_and_kept_where_nothing_changes(
    vaeedit, photo, tmp_path
):
    source = photo(tmp_path / "in.jpg")
    source.write_bytes(source.read_bytes() + b"\0\0\0\x18ftypmp42" + bytes(988))
    ran = vaeedit("denoise", "in.jpg", "-o", "out.jpg")
    assert ran.code == 0
    assert "in.jpg: its film of 1,000 bytes (a motion photo) is left out." in ran.err
    assert b"ftyp" not in (tmp_path / "out.jpg").read_bytes()
    same = vaeedit("denoise", "in.jpg", "-o", "same.jpg", "--strength", "0")
    assert (tmp_path / "same.jpg").read_bytes() == source.read_bytes()
    assert not same.err

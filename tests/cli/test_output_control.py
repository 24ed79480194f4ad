"""--format, --encode-quality and templates of -o, end to end."""

import io

import pytest
from PIL import Image


@pytest.fixture
def album(tmp_path, photo):
    (tmp_path / "in").mkdir()
    photo(tmp_path / "in/a.jpg", size=(40, 56))
    photo(tmp_path / "in/b.png", size=(32, 24), channels=1)
    return tmp_path


def test_a_folder_becomes_lossless_webp_by_a_template(vaeedit, album, pixels):
    flags = ["--format", "webp", "--encode-quality", "lossless", "--strength", "0"]
    ran = vaeedit("denoise", "in", "-o", "out/{stem}_{operation}{ext}", *flags)
    assert ran.code == 0, ran.err
    names = {path.name for path in (album / "out").iterdir()}
    assert names == {"a_denoise.webp", "b_denoise.webp", "vaeedit-journal.jsonl"}
    assert (pixels(album / "out/a_denoise.webp") == pixels(album / "in/a.jpg")).all()
    assert "cannot hold gray" in ran.err


def test_a_given_quality_recompresses_even_what_did_not_change(vaeedit, album):
    assert (
        vaeedit("denoise", "in/a.jpg", "-o", "low.jpg", "--strength", "0", "--encode-quality", "20").code == 0
    )
    assert vaeedit("denoise", "in/a.jpg", "-o", "same.jpg", "--strength", "0").code == 0
    low, same, source = (album / name for name in ("low.jpg", "same.jpg", "in/a.jpg"))
    assert same.read_bytes() == source.read_bytes()
    assert low.stat().st_size < source.stat().st_size / 2


def test_resuming_takes_another_quality_for_another_result(vaeedit, album):
    command = ["denoise", "in", "-o", "out", "--sigma", "5", "--format", "jpg"]
    assert vaeedit(*command).code == 0
    before = (album / "out/a.jpg").read_bytes()
    assert vaeedit(*command, "--resume").code == 0
    assert (album / "out/a.jpg").read_bytes() == before
    assert vaeedit(*command, "--resume", "--encode-quality", "40").code == 0
    assert len((album / "out/a.jpg").read_bytes()) < len(before)


def test_standard_output_gets_the_format(run_vaeedit, album):
    done = run_vaeedit("denoise", "in/a.jpg", "-o", "-", "--format", "tif", "--strength", "0", cwd=album)
    assert done.returncode == 0, done.stderr
    assert Image.open(io.BytesIO(done.stdout)).format == "TIFF"


@pytest.mark.parametrize(
    ("flags", "fragments"),
    [
        (["-o", "out/{stm}.png"], ["unknown field {stm}", "{stem}"]),
        (["--format", "gfi", "-o", "out"], ["--format", "gfi", "png"]),
        (["--encode-quality", "0", "-o", "out"], ["--encode-quality", "from 1 to 100, or lossless"]),
        (["--encode-quality", "best", "-o", "out"], ["--encode-quality", "best"]),
        (["-o", "out/{index}{ext}", "--watch"], ["{index}", "--watch"]),
    ],
)
def test_a_wrong_request_is_refused(vaeedit, album, flags, fragments):
    vaeedit("denoise", "in", *flags).assert_refused(2, *fragments)
    assert not (album / "out").exists()

"""No output of `anomaly score` takes the place of what it reads, or of another output."""

import pytest


@pytest.mark.parametrize("flag", ["--csv", "--report"])
@pytest.mark.parametrize("name", ["in/a.png", "in/../in/b.png", "soft.png", "m.safetensors"])
def test_a_table_or_report_is_no_image_and_no_model(vaeedit, tmp_path, photo, contents, flag, name):
    (tmp_path / "in").mkdir()
    for picture in ("a.png", "b.png"):
        photo(tmp_path / "in" / picture, size=(16, 16))
    (tmp_path / "soft.png").symlink_to("in/b.png")
    (tmp_path / "m.safetensors").write_bytes(b"model")
    before = contents(tmp_path)
    ran = vaeedit("anomaly", "score", "in", "--vae", "m.safetensors", flag, name, "--exists", "overwrite")
    ran.assert_refused(2, "cannot be the")
    assert contents(tmp_path) == before


def test_a_table_is_no_report(vaeedit, tmp_path, photo):
    photo(tmp_path / "a.png", size=(16, 16))
    ran = vaeedit("anomaly", "score", "a.png", "--vae", "m", "--csv", "x", "--report", "./x")
    ran.assert_refused(2, "Both the table and the report would become x")

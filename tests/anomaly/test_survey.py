"""What is chosen from the data, and what no model can be made of."""

import pytest
from normals import folder_of, part

from vaeedit.errors import UsageError
from vaeedit_anomaly.survey import survey


def test_choices_follow_the_images(tmp_path):
    found = survey(folder_of(tmp_path, 30))
    assert (len(found.learned), len(found.held_out)) == (24, 6)
    assert not set(found.learned) & set(found.held_out)
    assert found.preparation.channels == 1
    assert found.preparation.scale == 1
    assert found.crop == 64
    assert found.areas == (72 * 88, 72 * 88)
    assert any("6 images could be held out" in text for text in found.doubts)
    assert survey(tmp_path) == found
    assert survey(tmp_path, seed=1).held_out != found.held_out


def test_large_images_are_made_smaller_and_color_is_seen(tmp_path):
    found = survey(folder_of(tmp_path, 6, size=(800, 1000), color=True))
    assert found.preparation.channels == 3
    assert found.preparation.scale * (800 * 1000) ** 0.5 == pytest.approx(320, rel=0.01)
    assert found.crop == 160


def test_gray_stored_in_color_is_gray(tmp_path):
    folder_of(tmp_path, 5)
    for path in list(tmp_path.iterdir()):
        part(1).convert("RGB").save(path)
    assert survey(tmp_path).preparation.channels == 1


def test_sizes_that_differ_much_are_a_doubt_and_not_an_error(tmp_path):
    folder_of(tmp_path, 5, size=(60, 60))
    folder_of(tmp_path, 2, first=10, size=(400, 300))
    assert any("differ much in size" in text for text in survey(tmp_path).doubts)


def test_what_no_model_can_be_made_of_is_a_sentence(tmp_path):
    with pytest.raises(UsageError, match="no folder"):
        survey(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="holds no images"):
        survey(tmp_path)
    folder_of(tmp_path, 1)
    with pytest.raises(UsageError, match="1 readable image; at least 5"):
        survey(tmp_path)
    folder_of(tmp_path, 4)
    (tmp_path / "damaged.png").write_bytes(b"no picture")
    with pytest.raises(UsageError, match="4 readable images"):
        survey(tmp_path)
    folder_of(tmp_path, 2, first=4)
    assert any("damaged.png" in text for text in survey(tmp_path).doubts)
    folder_of(tmp_path, 5, first=20, color=True)
    with pytest.raises(UsageError, match="6 of 11 images are gray"):
        survey(tmp_path)

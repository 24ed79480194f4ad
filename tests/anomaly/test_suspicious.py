"""Defects among the normal pictures: they are ranked first, and can be left out."""

import csv

import numpy as np
import pytest
import torch
from normals import folder_of, part
from PIL import Image
from test_anomaly_layouts import material
from tiny_fit import tiny_fit

from vaeedit.api import UsageError
from vaeedit.vae.files import read_info
from vaeedit_anomaly.calibration import image_score
from vaeedit_anomaly.jets import jets
from vaeedit_anomaly.survey import survey
from vaeedit_anomaly.suspicious import Suspect, cross_fitted, ranked, without_worst, write_suspects
from vaeedit_anomaly.texture import Texture


def test_a_spoiled_picture_ranks_first(tmp_path):
    folder = folder_of(tmp_path / "normals", 30)
    part(17, spot=True).save(folder / "017.png")
    chosen = survey(folder)
    suspects = ranked((*chosen.learned, *chosen.held_out), chosen.preparation)
    assert len(suspects) == 30
    assert suspects[0].file == str(folder / "017.png")
    assert suspects[0].score > 1.5 * suspects[1].score
    assert [one.score for one in suspects] == sorted((one.score for one in suspects), reverse=True)


def test_a_picture_is_compared_with_models_that_it_is_no_part_of():
    pictures = [np.asarray(part(seed, spot=seed == 4), np.float32) / 255 for seed in range(12)]
    described = np.stack([jets(torch.from_numpy(picture)[None, None]) for picture in pictures])
    found = cross_fitted(described, 1)
    together = Texture(1)
    together.fill(described)
    assert found.shape == described.shape[:3]
    assert image_score(found[4]) > 2 * image_score(together.distances(described)[4])
    assert np.array_equal(cross_fitted(described, 1), found)


def test_the_distances_of_many_are_those_of_each():
    pictures = [np.asarray(part(seed), np.float32) / 255 for seed in range(6)]
    described = np.stack([jets(torch.from_numpy(picture)[None, None]) for picture in pictures])
    texture = Texture(1)
    texture.fill(described)
    alone = np.concatenate([texture.distances(one[None]) for one in described])
    np.testing.assert_allclose(texture.distances(described), alone, rtol=1e-4)


def test_the_worst_share_is_left_out_of_learning_and_calibration(tmp_path):
    chosen = survey(folder_of(tmp_path / "normals", 30))
    paths = (*chosen.held_out, *chosen.learned)
    suspects = [Suspect(str(path), 10.0 - k) for k, path in enumerate(paths)]
    fewer = without_worst(chosen, suspects, 0.1)
    assert {*paths} - {*fewer.held_out, *fewer.learned} == {*paths[:3]}
    assert (len(fewer.learned), len(fewer.held_out)) == (22, 5)
    assert without_worst(chosen, suspects, 0.0) == chosen
    few = survey(folder_of(tmp_path / "few", 6))
    all_of_them = [Suspect(str(path), 1.0) for path in (*few.held_out, *few.learned)]
    with pytest.raises(UsageError, match="there are 3 images; at least 5"):
        without_worst(few, all_of_them, 0.5)


def test_the_table_has_file_score_and_share_and_no_formulas(tmp_path):
    write_suspects([Suspect("=evil.png", 3.0), Suspect("b.png", 1.0)], 0.5, tmp_path / "t.csv")
    rows = list(csv.DictReader((tmp_path / "t.csv").open()))
    assert rows[0] == {"rank": "1", "file": "'=evil.png", "score": "3.0", "share": "0.5", "left_out": "True"}
    assert rows[1]["left_out"] == "False"


def test_a_fit_writes_the_table_and_learns_from_the_others(tmp_path, capsys):
    pytest.importorskip("pytorch_lightning")
    folder = folder_of(tmp_path / "normals", 20)
    part(7, spot=True).save(folder / "007.png")
    table, model = tmp_path / "suspects.csv", tmp_path / "part.safetensors"
    flags = ("--steps", "4", "--suspicious", str(table), "--leave-out", "5%")
    assert tiny_fit(folder, model, *flags) == 0
    said = capsys.readouterr()
    assert f"Left out as suspicious: {folder / '007.png'}" in said.out
    assert "15 images" in said.out
    rows = list(csv.DictReader(table.open()))
    assert len(rows) == 20
    assert rows[0]["file"] == str(folder / "007.png")
    assert [row["left_out"] for row in rows[:2]] == ["True", "False"]
    model.unlink()
    assert tiny_fit(folder, model, *flags) == 2
    assert "suspects.csv exists already" in capsys.readouterr().err


def test_pictures_are_ranked_by_the_layout_that_they_show(tmp_path, capsys, monkeypatch):
    pytest.importorskip("pytorch_lightning")
    folder, model = tmp_path / "normals", tmp_path / "cloth.vae.safetensors"
    folder.mkdir()
    for seed in range(14):
        Image.fromarray((255 * material(seed).clip(0, 1)).astype(np.uint8)).save(folder / f"{seed:03}.png")
    layouts = []

    def spy(paths, how, layout):
        layouts.append(layout)
        return ranked(paths, how, layout)

    monkeypatch.setattr("vaeedit_anomaly.fitting.ranked", spy)
    flags = ["--steps", "4", "--suspicious", str(tmp_path / "suspects.csv")]
    assert tiny_fit(folder, model, *flags) == 0
    assert layouts == ["texture"]
    assert "Layout: texture" in capsys.readouterr().err
    assert read_info(model).config["layout"] == "texture"

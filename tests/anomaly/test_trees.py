"""Folders of the three data sets become the same records; what is missing is a sentence."""

import numpy as np
import pytest
from PIL import Image

from vaeedit.errors import UsageError
from vaeedit_anomaly.trees import GOOD, read_tree


def put(path, value=90, size=(12, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(size[::-1], value, np.uint8)).save(path)
    return path


def put_mask(path, value=255, size=(12, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros(size[::-1], np.uint8)
    pixels[: size[1] // 2, : size[0] // 2] = value
    Image.fromarray(pixels).save(path)


@pytest.fixture
def mvtec(tmp_path):
    put(tmp_path / "train" / "good" / "000.png")
    put(tmp_path / "test" / "good" / "000.png")
    put(tmp_path / "test" / "hole" / "000.png")
    put(tmp_path / "test" / "crack" / "000.png")
    put_mask(tmp_path / "ground_truth" / "hole" / "000_mask.png")
    return tmp_path


def test_mvtec(mvtec):
    tree = read_tree(mvtec)
    assert tree.layout == "MVTec AD"
    assert [path.name for path in tree.normals] == ["000.png"]
    assert tree.kinds == ("crack", "hole")
    crack, good, hole = tree.tests
    assert good.kind == GOOD
    assert not good.defective
    assert good.truth(8, 12).sum() == 0
    assert hole.truth(8, 12).sum() == 24
    assert crack.truth(8, 12) is None


def test_masks_of_the_images_own_name_and_of_another_size(mvtec):
    (mvtec / "ground_truth" / "hole" / "000_mask.png").unlink()
    put_mask(mvtec / "ground_truth" / "hole" / "000.png", size=(24, 16))
    hole = read_tree(mvtec).tests[-1]
    assert hole.truth(8, 12).sum() == 24
    with pytest.raises(UsageError, match="does not fit"):
        hole.truth(12, 8)


def test_btad(tmp_path):
    put(tmp_path / "train" / "ok" / "0000.bmp")
    put(tmp_path / "test" / "ok" / "0000.bmp")
    put(tmp_path / "test" / "ko" / "0001.bmp")
    put_mask(tmp_path / "ground_truth" / "ko" / "0001.png")
    tree = read_tree(tmp_path)
    assert (tree.layout, len(tree.normals), tree.kinds) == ("BTAD", 1, ("ko",))
    assert [one.kind for one in tree.tests] == ["ko", GOOD]
    assert tree.tests[0].truth(8, 12).sum() == 24


def test_visa(tmp_path):
    folder = tmp_path / "candle"
    images, masks = folder / "Data" / "Images", folder / "Data" / "Masks" / "Anomaly"
    names = [put(images / "Normal" / f"{k}.JPG") for k in range(2)]
    bad = put(images / "Anomaly" / "0.JPG")
    put_mask(masks / "0.png", value=3)  # a class number, not a gray value
    with pytest.raises(UsageError, match="split"):
        read_tree(folder)
    lines = ["object,split,label,image,mask"]
    lines += [
        f"candle,{part},normal,{path.relative_to(tmp_path)},"
        for part, path in zip(("train", "test"), names, strict=True)
    ]
    lines += [
        f"candle,test,anomaly,{bad.relative_to(tmp_path)},candle/Data/Masks/Anomaly/0.png",
        "cashew,train,normal,x.JPG,",
    ]
    (tmp_path / "split_csv").mkdir()
    (tmp_path / "split_csv" / "1cls.csv").write_text("\n".join(lines))
    tree = read_tree(folder)
    assert (tree.layout, tree.normals, tree.kinds) == ("VisA", (names[0],), ("anomaly",))
    assert tree.tests[1].truth(8, 12).sum() == 24


def test_missing_parts_are_sentences(mvtec, tmp_path_factory):
    with pytest.raises(UsageError, match="no folder"):
        read_tree(mvtec / "nowhere")
    with pytest.raises(UsageError, match="neither"):
        read_tree(tmp_path_factory.mktemp("empty"))
    (mvtec / "test" / "good" / "000.png").unlink()
    with pytest.raises(UsageError, match="no normal test images"):
        read_tree(mvtec)
    put(mvtec / "test" / "good" / "000.png")
    for kind in ("hole", "crack"):
        (mvtec / "test" / kind / "000.png").unlink()
    with pytest.raises(UsageError, match="no defective"):
        read_tree(mvtec)

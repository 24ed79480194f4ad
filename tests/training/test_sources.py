"""Data sources: what each format gives, and a sentence for what is damaged."""

import gzip
import io
import json
import os
import tarfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaeedit.cli.main import call
from vaeedit.errors import ImageError, UsageError
from vaeedit.image import image_files
from vaeedit.training.sources.files import PictureFiles
from vaeedit.training.sources.find import open_source
from vaeedit.training.sources.source import UNLABELED

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist"


def picture(path, value=0, size=(8, 6), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode == "L" else (value,) * 3).save(path)


def idx(values):
    sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes((0, 0, 8, values.ndim)) + sizes + values.astype(np.uint8).tobytes()


@pytest.fixture
def digits(tmp_path):
    """Five images of 3 x 4 pixels to train on and two to test, gzipped."""
    random = np.random.default_rng(0)
    for name, count in (("train", 5), ("t10k", 2)):
        images = random.integers(0, 256, (count, 3, 4))
        (tmp_path / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(idx(np.arange(count) % 3))
    return tmp_path


def loaded(split, random=None):
    return [(example.label, example.load()) for example in split.examples(random)]


def test_a_folder_gives_the_pictures_of_all_sub_folders_and_their_classes(tmp_path):
    picture(tmp_path / "cats" / "b.png", 3)
    picture(tmp_path / "cats" / "deep" / "a.png", 4)
    picture(tmp_path / "dogs" / "a.png", 5)
    (tmp_path / "dogs" / "notes.txt").write_text("no picture")
    (tmp_path / "empty").mkdir()
    source = open_source(tmp_path)
    assert (source.format, source.classes, list(source.splits)) == (
        "folder of images",
        ("cats", "dogs"),
        ["all"],
    )
    split = source.split("train")
    assert split.count == 3
    assert [(label, int(image[0, 0, 0])) for label, image in loaded(split)] == [(0, 3), (0, 4), (1, 5)]
    assert split.labels.tolist() == [0, 0, 1]
    source.require_labels("train")


def test_files_come_in_the_order_of_their_paths_in_little_memory(tmp_path):
    for folder in range(10):
        for number in range(200):
            path = tmp_path / f"n{folder}" / f"n0{folder}_{number:08}.JPEG"
            path.parent.mkdir(exist_ok=True)
            path.touch()
    (tmp_path / "n5.png").touch()
    (tmp_path / "linked.png").symlink_to(tmp_path / "n5.png")
    (tmp_path / "broken.png").symlink_to(tmp_path / "nothing")
    tracemalloc.start()
    files = PictureFiles(tmp_path)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert list(files) == image_files([tmp_path], recursive=True)
    assert size < 50 * len(files)


def test_pictures_beside_the_sub_folders_have_no_label(tmp_path):
    picture(tmp_path / "cats" / "a.png")
    picture(tmp_path / "loose.png")
    source = open_source(tmp_path)
    assert source.split("train").labels.tolist() == [0, UNLABELED]
    with pytest.raises(UsageError, match=r"^1 images of .* have no label; put the images of each class"):
        source.require_labels("train")


def test_folders_called_train_and_test_are_splits(tmp_path):
    for place in ("train/a/1.png", "train/b/2.png", "val/b/3.png", "masks/a/1.png"):
        picture(tmp_path / place)
    source = open_source(tmp_path)
    assert {name: split.count for name, split in source.splits.items()} == {"train": 2, "validation": 1}
    assert source.classes == ("a", "b")
    assert source.splits["validation"].labels.tolist() == [1]
    assert source.notes == ("Left out, as they are no splits: masks.",)
    with pytest.raises(UsageError, match="has no split called test; it has train, validation"):
        source.split("test")
    assert open_source(tmp_path / "masks").classes == ("a",)


def test_a_single_folder_called_train_is_a_class(tmp_path):
    for place in ("train/1.png", "boat/2.png"):
        picture(tmp_path / place)
    assert open_source(tmp_path).classes == ("boat", "train")


def test_idx_files_give_gray_images_labels_and_splits(digits):
    source = open_source(digits)
    assert (source.format, source.classes, source.notes) == ("idx files", ("0", "1", "2"), ())
    train, test = source.split("train"), source.split("test")
    assert (train.count, test.count) == (5, 2)
    expected = np.random.default_rng(0).integers(0, 256, (5, 3, 4))
    for (label, image), values, number in zip(loaded(train), expected, range(5), strict=True):
        assert image.shape == (3, 4, 1)
        assert np.array_equal(image[..., 0], values)
        assert label == number % 3
    assert open_source(digits / "t10k-images-idx3-ubyte.gz").split("test").count == 2


def test_a_random_order_is_that_of_its_generator_and_holds_all(digits):
    split = open_source(digits).split("train")
    names = [example.name for example in split.examples()]
    once, again, other = ([e.name for e in split.examples(np.random.default_rng(seed))] for seed in (1, 1, 2))
    assert once == again != other
    assert sorted(once) == names


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-1], "is cut off: its 75 bytes should be 76; get it again"),
        (lambda data: data + b"x", "has bytes after its end"),
        (lambda data: b"\0\0\x0d\3" + data[4:], "is not an idx file of images: it begins with 00000d03"),
        (lambda data: b"", "is not an idx file of images: it begins with nothing"),
        (lambda data: data[:6], "is cut off"),
        (lambda data: data[:4] + b"\xff" * 12, "is cut off"),
        (lambda data: data[:4] + bytes(12), "holds no images"),
        (lambda data: idx(np.zeros((4, 3, 4))), "holds 5 labels for 4 images"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_idx_file_is_a_sentence(change, message, packed, digits):
    path = digits / "train-images-idx3-ubyte.gz"
    data = change(gzip.decompress(path.read_bytes()))
    path.write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(ImageError, match=message):
        open_source(digits)


def test_a_truncated_gzip_and_one_that_unpacks_to_too_much_are_sentences(digits, monkeypatch):
    path = digits / "train-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-12])
    with pytest.raises(ImageError, match=r"is damaged and cannot be unpacked \(.*\); get it again"):
        open_source(digits)
    path.write_bytes(gzip.compress(bytes(10_000)))
    monkeypatch.setenv("VAEEDIT_MAX_DATA_BYTES", "5000")
    with pytest.raises(ImageError, match="more bytes than the limit of 5,000"):
        open_source(digits)


def test_idx_files_without_labels_and_of_two_sets(digits):
    (digits / "train-labels-idx1-ubyte").unlink()
    source = open_source(digits)
    assert source.notes == ("train has no file of labels.",)
    with pytest.raises(UsageError, match=r"5 images of .* have no label"):
        source.require_labels("train")
    (digits / "letters-train-images-idx3-ubyte").write_bytes(b"")
    with pytest.raises(UsageError, match=r"holds several data sets: letters-train.* and train-images"):
        open_source(digits)


def records(count, label=None):
    random = np.random.default_rng(count)
    values = random.integers(0, 256, (count, 3073), np.uint8)
    values[:, 0] = np.arange(count) % 10 if label is None else label
    return values


def archive(path, files):
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_cifar_10_as_archive_and_as_files(packed, tmp_path):
    values = [records(12), records(7), records(3)]
    names = ("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin")
    files = {name: value.tobytes() for name, value in zip(names, values, strict=True)}
    if packed:
        archive(tmp_path / "cifar-10-binary.tar.gz", files)
    else:
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
    source = open_source(tmp_path)
    assert (source.format, source.classes[3]) == ("CIFAR-10, binary", "cat")
    assert (source.split("train").count, source.split("test").count) == (19, 3)
    label, image = loaded(source.split("train"))[13]
    assert label == 1
    assert np.array_equal(image, values[1][1, 1:].reshape(3, 32, 32).transpose(1, 2, 0))


def test_a_damaged_or_pickled_cifar_10_is_a_sentence(tmp_path):
    path = archive(tmp_path / "cifar-10-binary.tar.gz", {"data_batch_1.bin": records(2).tobytes()[:-5]})
    with pytest.raises(ImageError, match=r"data_batch_1.bin has 6,141 bytes, which is no whole number"):
        open_source(path)
    archive(path, {"data_batch_1.bin": records(2, 12).tobytes()})
    with pytest.raises(ImageError, match="holds the label 12"):
        open_source(path)
    archive(path, {"readme.html": b""})
    with pytest.raises(ImageError, match=r"holds no data_batch_1\.bin"):
        open_source(path)
    path.write_bytes(archive(path, {"data_batch_1.bin": records(9).tobytes()}).read_bytes()[:-2000])
    with pytest.raises(ImageError, match="is damaged and cannot be unpacked"):
        open_source(tmp_path)
    for name in ("cifar-10-python.tar.gz", "cifar-10-batches-py/data_batch_1"):
        pickled = tmp_path / "other" / name
        pickled.parent.mkdir(parents=True, exist_ok=True)
        pickled.write_bytes(b"")
        for place in (pickled, pickled.parent):
            with pytest.raises(UsageError, match=r"pickled version of CIFAR-10.*get the binary version"):
                open_source(place)
        pickled.unlink()


def test_a_path_without_data_is_a_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"There is no folder or file .*gone with data"):
        open_source(tmp_path / "gone")
    (tmp_path / "text.txt").write_text("x")
    for path in (tmp_path, tmp_path / "text.txt"):
        with pytest.raises(
            UsageError, match="holds no data: name a folder of images, of idx files or of tar"
        ):
            open_source(path)


def shard(path, samples):
    with tarfile.open(path, "w") as tar:
        for key, files in samples.items():
            for extension, data in files.items():
                info = tarfile.TarInfo(f"{key}.{extension}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return path


def png(value):
    stream = io.BytesIO()
    Image.new("L", (4, 3), value).save(stream, "PNG")
    return stream.getvalue()


def test_tar_shards_give_pictures_labels_and_splits(tmp_path, capsys):
    pytest.importorskip("webdataset")
    for number in range(3):
        samples = {f"{number}-{i}": {"png": png(10 * number + i), "cls": b"%d" % (i % 2)} for i in range(5)}
        shard(tmp_path / f"x-train-{number}.tar", samples)
    shard(tmp_path / "x-val-0.tar", {"a": {"png": png(1)}, "b": {"json": b"{}"}, "c": {"png": b"damaged"}})
    (tmp_path / "classes.txt").write_text("even\nodd\n")
    source = open_source(tmp_path)
    assert (source.format, source.classes) == ("tar shards", ("even", "odd"))
    train = source.split("train")
    assert [(label, int(image[0, 0, 0])) for label, image in loaded(train)][:7] == [
        (0, 0), (1, 1), (0, 2), (1, 3), (0, 4), (0, 10), (1, 11)
    ]  # fmt: skip
    drawn = [int(image[0, 0, 0]) for _, image in loaded(train, np.random.default_rng(0))]
    assert sorted(drawn) == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24] != drawn
    assert call(["data", str(tmp_path), "--json"]) == 0
    splits = json.loads(capsys.readouterr().out)["splits"]
    assert splits["train"] == {
        "images": 15,
        "labels": {"even": 9, "odd": 6},
        "checked": 15,
        "sizes": {"4 x 3, gray": 15},
        "damaged": [],
    }
    assert (splits["validation"]["images"], splits["validation"]["labels"]) == (3, {})
    without, broken = splits["validation"]["damaged"]
    assert without == "x-val-0.tar, b holds no picture."
    assert broken.startswith("x-val-0.tar, c.png")


def test_damaged_shards_are_sentences(tmp_path):
    pytest.importorskip("webdataset")
    path = shard(tmp_path / "a.tar", {"1": {"png": png(1), "cls": b"cat"}})
    with pytest.raises(ImageError, match="the label b'cat' is no whole number"):
        loaded(open_source(path).split("train"))
    path.write_bytes(b"no tar file at all")
    with pytest.raises(ImageError, match=r"a.tar is damaged or is no tar file"):
        loaded(open_source(path).split("train"))
    shard(tmp_path / "b-train.tar", {})
    with pytest.raises(UsageError, match=r"a.tar belongs to no split, but other shards do"):
        open_source(tmp_path)


def test_shards_without_their_library_name_the_extra(tmp_path, monkeypatch):
    from vaeedit.errors import MissingExtra

    monkeypatch.setitem(__import__("sys").modules, "webdataset.tariterators", None)
    split = open_source(shard(tmp_path / "a.tar", {})).split("train")
    with pytest.raises(MissingExtra, match=r"pip install 'vaeedit\[shards\]'"):
        list(split.examples())


def test_data_describes_a_folder(tmp_path, capsys):
    for number in range(12):
        picture(tmp_path / f"class-{number}" / "a.png", size=(8 + number, 6))
    (tmp_path / "class-0" / "b.png").write_bytes(b"damaged")
    assert call(["data", str(tmp_path)]) == 0
    first, second, sizes, classes, damaged = capsys.readouterr().out.splitlines()
    assert first == f"{tmp_path}: folder of images"
    assert second == "all: 13 images"
    assert sizes.startswith("  sizes: 8 x 6, color; 9 x 6, color;")
    assert sizes.endswith("; and 2 more")
    assert classes.startswith("  12 classes: class-0 (2), class-1 (1), class-10 (1)")
    assert "b.png" in damaged


def test_data_without_data_is_an_error_of_usage(tmp_path, capsys):
    assert call(["data", str(tmp_path)]) == 2
    assert "holds no data" in capsys.readouterr().err


@pytest.mark.skipif(not MNIST.is_dir(), reason=f"MNIST is not there: {MNIST}")
def test_mnist_is_read_as_published(capsys):
    assert call(["data", str(MNIST), "--json"]) == 0
    description = json.loads(capsys.readouterr().out)
    assert description["classes"] == [str(digit) for digit in range(10)]
    assert {name: split["images"] for name, split in description["splits"].items()} == {
        "train": 60000,
        "test": 10000,
    }
    assert list(description["splits"]["test"]["labels"].values()) == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009
    ]  # fmt: skip
    test = open_source(MNIST).split("test")
    assert test.images.mean() / 255 == pytest.approx(0.1325, abs=1e-4)  # the mean that is known of MNIST
    assert [example.label for example, _ in zip(test.examples(), range(5), strict=False)] == [7, 2, 1, 0, 4]


def test_a_shard_promises_no_more_than_it_holds_and_pipes_do_not_block(tmp_path, monkeypatch):
    pytest.importorskip("webdataset")
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        info = tarfile.TarInfo("sparse.png")
        info.type = tarfile.GNUTYPE_SPARSE
        tar.addfile(info)
    assert loaded(open_source(path).split("train")) == []
    shard(path, {"1": {"png": png(1)}})
    monkeypatch.setenv("VAEEDIT_MAX_PICTURE_BYTES", "10")
    with pytest.raises(
        ImageError, match=r"1\.png has \d+ bytes; VAEEDIT_MAX_PICTURE_BYTES changes the limit"
    ):
        loaded(open_source(path).split("train"))
    os.mkfifo(tmp_path / "b.tar")
    with pytest.raises(ImageError, match=r"b\.tar is not a regular file"):
        loaded(open_source(tmp_path / "b.tar").split("train"))
    os.mkfifo(tmp_path / "train-images-idx3-ubyte")
    with pytest.raises(ImageError, match="is not a regular file"):
        open_source(tmp_path)

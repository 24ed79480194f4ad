"""Damaged and hostile files of weights: never loaded in silence, never slow or large, always a sentence."""

import json
import os
import random
import zipfile

import msgspec
import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import load_file, save_file

from vaeedit.errors import UsageError, VaeeditError, WeightsError
from vaeedit.extension.registry import registry
from vaeedit.options import as_dict
from vaeedit.vae.build import build
from vaeedit.vae.convert import convert
from vaeedit.vae.files import VaeInfo, find_vae, load_vae, read_info, save_vae, update_info
from vaeedit_restore.configs import RestorerConfig
from vaeedit_third_party import TinyConfig
from vaeedit_third_party.tiny import TinyAutoencoder

SHAPE = as_dict(
    RestorerConfig(widths=(8, 8), blocks=(1, 1), latents=(2, 2), ladder_widths=(8, 8), encoder_widths=(8, 8))
)
INFO = VaeInfo(
    name="tiny",
    architecture="ladder-restorer",
    config=SHAPE,
    calibration={"tail": [1.5, 2.5], "text": 'a "b'},
)


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.safetensors"
    torch.manual_seed(0)
    save_vae(path, build(INFO.architecture, SHAPE, registry()), INFO)
    return path


def unsealed(path, **change):
    """A file as older versions wrote it, or one whose header says something else."""
    document = {**msgspec.to_builtins(INFO), "format": 1, **change}
    tensors = load_file(path)
    old = path.with_name("old.safetensors")
    save_file(tensors, old, metadata={"vaeedit": json.dumps(document)})
    return old


def test_no_byte_of_the_weights_can_change_unseen(tiny):
    data = tiny.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    rng = random.Random(0)
    for _ in range(200):
        at = rng.randrange(start, len(data))
        changed = bytearray(data)
        changed[at] ^= 1 << rng.randrange(8)
        tiny.write_bytes(changed)
        with pytest.raises(
            WeightsError, match=r"The weights in .*tiny\.safetensors are damaged.*restore the file"
        ):
            load_vae(tiny, registry())
    tiny.write_bytes(data)
    load_vae(tiny, registry())


def test_no_bit_of_the_header_can_change_unseen(tiny):
    data = tiny.read_bytes()
    start = data.index(b'{\\"name\\"')
    end = data.rindex(b'\\"}"', 0, 8 + int.from_bytes(data[:8], "little"))
    assert b"seal" in data[start:end]
    for at in range(start, end):
        changed = bytearray(data)
        changed[at] ^= 1 << (at % 8)
        tiny.write_bytes(changed)
        with pytest.raises(WeightsError):
            load_vae(tiny, registry())


def test_damage_is_not_sealed_by_a_new_header(tiny):
    data = bytearray(tiny.read_bytes())
    data[-1] ^= 1
    tiny.write_bytes(data)
    with pytest.raises(WeightsError, match="damaged"):
        update_info(tiny, replace(INFO, temperature=2.0))
    assert tiny.read_bytes() == data


def test_a_file_of_an_older_version_loads_says_so_and_gets_its_checksum_with_a_new_header(tiny):
    old = unsealed(tiny)
    network, info = load_vae(old, registry())
    assert not info.sealed
    assert read_info(tiny).sealed
    update_info(old, replace(info, temperature=2.0))
    again, sealed = load_vae(old, registry())
    assert (sealed.sealed, sealed.temperature) == (True, 2.0)
    for name, tensor in again.state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name])


HEADERS = {
    "another format": ({"format": 9}, "has format 9, which this version of vaeedit does not support"),
    "a checksum that is gone": ({"format": 2}, "its checksum is missing"),
    "a negative temperature": ({"temperature": -5}, "Expected `float` > 0.0"),
    "a huge temperature": ({"temperature": 1e308}, "Expected `float` <= 100.0"),
    "no number": ({"temperature": float("nan")}, "not valid"),
    "a name that is no text": ({"name": 3}, "Expected `str`"),
    "a name of a million letters": ({"name": "x" * 10**6}, "length <= 1000"),
    "figures that are no table": ({"figures": {"a": "x"}}, "Expected `object`"),
    "a shape that is no mapping": ({"config": [1]}, "Expected `object`"),
    "ten million blocks": ({"config": {**SHAPE, "blocks": [10**7, 1]}}, "each a whole number from 0 to 64"),
    "a billion channels": (
        {"config": {**SHAPE, "channels": 10**9}},
        "channels must be a whole number from 1 to 64",
    ),
    "ten million levels": ({"config": {**SHAPE, "widths": [8] * 10_000}}, "a list of at most 8"),
    "no levels": ({"config": {**SHAPE, "widths": []}}, "does not fit its architecture"),
    "far too wide": ({"config": {**SHAPE, "widths": [4096] * 8, "blocks": [64] * 8}}, "does not fit"),
    "ten million blocks of others": (
        {
            "architecture": "diffusers",
            "config": {"kind": "AutoencoderKL", "config": {"layers_per_block": 10**7, "norm_num_groups": 1}},
        },
        "too many parts",
    ),
    "no blocks of others": (
        {"architecture": "diffusers", "config": {"kind": "AutoencoderTiny", "config": {"act_fn": [[]]}}},
        "does not fit its architecture diffusers",
    ),
}


@pytest.mark.parametrize(("change", "message"), HEADERS.values(), ids=HEADERS)
def test_a_hostile_header_is_a_sentence(tiny, change, message):
    if change.get("architecture") == "diffusers":
        pytest.importorskip("diffusers")
    with pytest.raises(WeightsError) as caught:
        load_vae(unsealed(tiny, **change), registry())
    assert message in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_deep_header_and_a_large_one_are_sentences(tiny, monkeypatch):
    deep = tiny.with_name("deep.safetensors")
    document = json.dumps(msgspec.to_builtins(INFO)).replace(
        '"tail": [1.5, 2.5]', f'"tail": {"[" * 9000}{"]" * 9000}'
    )
    save_file(load_file(tiny), deep, metadata={"vaeedit": document})
    with pytest.raises(WeightsError, match="not valid"):
        read_info(deep)
    monkeypatch.setenv("VAEEDIT_MAX_MODEL_HEADER_BYTES", "1000")
    with pytest.raises(
        WeightsError, match="over the limit of 1,000; VAEEDIT_MAX_MODEL_HEADER_BYTES changes it"
    ):
        read_info(deep)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e6])
def test_weights_that_are_not_finite_are_neither_written_nor_loaded(tiny, value):
    network = build(INFO.architecture, SHAPE, registry())
    with torch.no_grad():
        next(network.parameters()).view(-1)[3] = value
    before = tiny.read_bytes()
    with pytest.raises(WeightsError, match="a number that is not finite"):
        save_vae(tiny, network, INFO)
    assert tiny.read_bytes() == before
    save_file(
        network.state_dict(),
        tiny,
        metadata={"vaeedit": json.dumps(msgspec.to_builtins(replace(INFO, format=1)))},
    )
    if value != 1e6:
        with pytest.raises(WeightsError, match=r"a number that is not finite.*restore the file"):
            load_vae(tiny, registry())


def test_only_regular_files_are_read(tmp_path):
    pipe, giant = tmp_path / "pipe.safetensors", tmp_path / "giant.safetensors"
    os.mkfifo(pipe)
    giant.touch()
    os.truncate(giant, 1 << 40)
    for path in (pipe, giant, tmp_path / "none.safetensors"):
        with pytest.raises(VaeeditError):
            load_vae(path, registry())
    with pytest.raises(UsageError, match="no VAE file"):
        find_vae(str(pipe), registry())
    with pytest.raises(WeightsError, match="over the limit"):
        convert(giant, tmp_path / "out.safetensors", registry())
    folder = tmp_path / "folder"
    folder.mkdir()
    os.mkfifo(folder / "config.json")
    with pytest.raises(WeightsError, match="not a regular file"):
        find_vae(str(folder), registry())
    (folder / "config.json").unlink()
    os.mkfifo(folder / "a_encoder.pth")
    with pytest.raises(WeightsError, match="not a regular file"):
        convert(folder, tmp_path / "out.safetensors", registry())


@pytest.mark.parametrize(
    "text", ['{"": 1}', '{"_class_name": ["x"]}', "[" * 100_000, "null", "{", '{"_class_name": {}}']
)
def test_a_config_of_any_kind_is_a_sentence(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(WeightsError, match="holds no VAE of a known kind"):
        find_vae(str(tmp_path), registry())


def weights(width=8):
    return {
        f"encoder.{k}": v for k, v in TinyAutoencoder(TinyConfig(width=width)).encoder.state_dict().items()
    }


PICKLED = {
    "a tensor larger than its memory": {"encoder.0.weight": torch.zeros(1).expand(10**9, 3, 3, 3)},
    "a sparse giant": {"w": torch.sparse_coo_tensor(size=(10**9, 10**9))},
    "a tensor without memory": {"w": torch.empty(10**9, device="meta")},
    "complex numbers": {"w": torch.zeros(3, dtype=torch.complex64)},
    "names that are no text": {3: torch.zeros(3)},
    "no dimensions": {
        "encoder.0.weight": torch.zeros(3, 3, 3, 3),
        "decoder.1.weight": torch.zeros(2),
        "encoder.1.conv.4.weight": torch.zeros(1),
    },
    "half of it": weights(),
    "a list": [1, 2],
    "nothing": None,
}


@pytest.mark.parametrize("found", PICKLED.values(), ids=PICKLED)
def test_a_hostile_pickle_is_a_sentence(tmp_path, found):
    torch.save(found, tmp_path / "x.pth")
    with pytest.raises(WeightsError) as caught:
        convert(tmp_path / "x.pth", tmp_path / "out.safetensors", registry())
    assert len(str(caught.value)) < 500
    assert not (tmp_path / "out.safetensors").exists()


def test_a_pickle_that_was_packed_to_fill_memory_is_refused(tmp_path):
    torch.save({"w": torch.zeros(1 << 20)}, tmp_path / "x.pth")
    with (
        zipfile.ZipFile(tmp_path / "x.pth") as plain,
        zipfile.ZipFile(tmp_path / "y.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    with pytest.raises(WeightsError, match="unpacks to more than its size"):
        convert(tmp_path / "y.pth", tmp_path / "out.safetensors", registry())


def test_no_cut_or_changed_byte_of_a_pickle_is_unexpected(tmp_path):
    path, rng = tmp_path / "x.pth", random.Random(1)
    torch.save(weights(), path)
    data = path.read_bytes()
    for number in range(150):
        changed = bytearray(data[: rng.randrange(len(data))] if number % 3 == 0 else data)
        for _ in range(rng.choice([1, 1, 5])):
            changed[rng.randrange(min(len(changed), 3000))] = rng.randrange(256)
        path.write_bytes(changed)
        with pytest.raises(WeightsError):
            convert(path, tmp_path / "out.safetensors", registry())


@pytest.mark.parametrize("name", sorted(registry().weights.bare))
def test_the_shipped_weights_have_checksums(name):
    assert load_vae(find_vae(name, registry()), registry())[1].sealed

"""Autoencoders of the diffusers library: the same numbers as its own, in the units of vaeedit."""

import json
import shutil
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from vaeedit import Frame, Session, Step
from vaeedit.errors import MissingExtra, VaeeditError, WeightsError
from vaeedit.extension.registry import registry
from vaeedit.image import write
from vaeedit.vae import loaded
from vaeedit.vae.convert import convert
from vaeedit.vae.files import find_vae, load_vae, read_info

WEIGHTS = "diffusion_pytorch_model.safetensors"
LIBRARY = "diffusers is not installed: pip install 'vaeedit[diffusers]'"
DOWN, UP = ("DownEncoderBlock2D",) * 2, ("UpDecoderBlock2D",) * 2
KL = {"block_out_channels": (16, 32), "down_block_types": DOWN, "up_block_types": UP, "norm_num_groups": 8}
BY_CHANNEL = {"latent_channels": 2, "latents_mean": (0.1, -0.2), "latents_std": (0.5, 2.0)}
ASYMMETRIC = {
    "down_block_out_channels": (16, 32),
    "up_block_out_channels": (16, 32),
    "down_block_types": DOWN,
    "up_block_types": UP,
    "norm_num_groups": 8,
}
TINY = {
    "encoder_block_out_channels": (8,) * 3,
    "decoder_block_out_channels": (8,) * 3,
    "num_encoder_blocks": (1, 2, 1),
    "num_decoder_blocks": (2, 1, 1),
}
ENCODER = {
    "block_types": ("ResBlock", "EfficientViTBlock"),
    "block_out_channels": (16, 16),
    "layers_per_block": (1, 1),
    "qkv_multiscales": ((), (5,)),
}
COMPRESSING = {
    **{f"{part}_{key}": value for part in ("encoder", "decoder") for key, value in ENCODER.items()},
    "in_channels": 3,
    "latent_channels": 4,
    "attention_head_dim": 8,
}
CONFIGS = {
    "scaled": ("AutoencoderKL", {**KL, "scaling_factor": 0.3, "shift_factor": 0.2}),
    "by channel": ("AutoencoderKL", {**KL, **BY_CHANNEL, "scaling_factor": 0.7}),
    "asymmetric": ("AsymmetricAutoencoderKL", ASYMMETRIC),
    "tiny": ("AutoencoderTiny", {**TINY, "scaling_factor": 1.5, "shift_factor": 0.1}),
    "compressing": ("AutoencoderDC", {**COMPRESSING, "scaling_factor": 0.4}),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """By name: the folder that the library wrote and its own model; random weights."""
    diffusers = pytest.importorskip("diffusers", reason=LIBRARY)
    torch.manual_seed(0)
    found = {}
    for name, (kind, config) in CONFIGS.items():
        model = getattr(diffusers, kind)(**config).eval()
        folder = tmp_path_factory.mktemp("vaes") / name
        model.save_pretrained(folder)
        found[name] = folder, model
    return found


@pytest.fixture
def copied(saved, tmp_path):
    """A folder of an AutoencoderKL that a test may spoil."""
    return shutil.copytree(saved["scaled"][0], tmp_path / "copied")


@pytest.fixture
def session():
    with Session(device="cpu", precision="float32") as session:
        yield session


def units(config, z):
    """What the library's own pipelines do to latents."""
    if config.get("latents_mean"):
        mean, std = (torch.tensor(config[key]).view(1, -1, 1, 1) for key in ("latents_mean", "latents_std"))
        return (z - mean) * config["scaling_factor"] / std
    return (z - (config.get("shift_factor") or 0)) * config["scaling_factor"]


def picture(height, width, channels=3):
    return np.random.default_rng(height).random((height, width, channels)).astype(np.float32)


@pytest.mark.parametrize("name", CONFIGS)
@torch.inference_mode()
def test_latents_and_images_are_the_librarys_own(saved, session, name):
    folder, model = saved[name]
    network = session.vae(str(folder)).network
    x = torch.rand(2, 3, 24, 40)
    (level,) = network.encode(x, {}).levels
    encoded = model.encode(2 * x - 1)
    if hasattr(encoded, "latent_dist"):
        posterior = encoded.latent_dist
        mean, one_up = posterior.mean, posterior.mean + posterior.std
        assert torch.allclose(level.std, units(model.config, one_up) - units(model.config, mean), atol=1e-5)
    else:
        mean = encoded[0]
        assert level.log_scale is None
    assert torch.allclose(level.mean, units(model.config, mean), atol=1e-5)
    decoded = network.decode(network.encode(x, {}).mean()).mean
    assert torch.allclose(decoded, (model.decode(mean).sample + 1) / 2, atol=1e-5)


@pytest.mark.parametrize("name", ["scaled", "tiny"])
@torch.inference_mode()
def test_odd_sides_are_reflected_and_gray_stays_gray(saved, session, name):
    folder, model = saved[name]
    vae = session.vae(str(folder))
    gray = picture(21, 30, 1)
    found = vae.edit(Frame(gray), lambda latents: latents.mean(), precision=torch.float32).pixels
    below, beside = -21 % vae.network.multiple, -30 % vae.network.multiple
    padded = np.pad(gray, ((0, below), (0, beside), (0, 0)), "reflect").repeat(3, 2)
    encoded = model.encode(torch.from_numpy(padded).permute(2, 0, 1)[None] * 2 - 1)
    z = encoded.latent_dist.mean if hasattr(encoded, "latent_dist") else encoded[0]
    own = ((model.decode(z).sample + 1) / 2).mean(1)[0, :21, :30].clamp(0, 1).numpy()
    assert found.shape == (21, 30, 1)
    assert np.abs(found[..., 0] - own).max() < 1e-5


def test_tiles_of_a_tiny_one_equal_the_whole(saved, session):
    vae = session.vae(str(saved["tiny"][0]))
    frame = Frame(picture(250, 90))
    whole, tiled = (
        vae.edit(frame, lambda latents: latents.mean(), precision=torch.float32, tile=tile).pixels
        for tile in (None, 16)
    )
    assert 16 + 2 * vae.network.receptive_field < 200  # or the tiles would see the whole
    assert np.abs(whole - tiled).max() < 1e-5
    assert whole.std() > 1e-3


def test_one_with_attention_is_cut_only_where_that_is_asked(saved, session, monkeypatch):
    monkeypatch.setattr(loaded, "tile_area", lambda *_: 1000)
    vae = session.vae(str(saved["scaled"][0]))
    seen = {None: [], 16: []}
    for tile, widths in seen.items():
        vae.visit(Frame(picture(64, 200)), lambda l, w=widths: w.append(l.levels[0].mean.shape[3]),
                  precision=torch.float32, tile=tile)  # fmt: skip
    assert seen[None] == [100]
    assert len(seen[16]) == 4 * 13


@pytest.mark.parametrize("name", CONFIGS)
def test_an_edit_of_nothing_loses_nothing(saved, session, name):
    pixels = np.rint(picture(33, 45) * 255).astype(np.uint8)
    vae = session.vae(str(saved[name][0]))
    through, beside = (
        vae.edit(Frame(pixels), lambda latents: latents.mean(), precision=torch.float32, delta=delta).pixels
        for delta in (False, True)
    )
    assert np.array_equal(beside, pixels)
    assert not np.array_equal(through, pixels)


def test_style_changes_nothing_outside_its_mask(saved, tmp_path):
    pixels = np.rint(picture(40, 40) * 255).astype(np.uint8)
    mask = np.zeros((40, 40, 1), np.uint8)
    mask[:, 20:] = 255
    write(Frame(np.rint(picture(30, 50) ** 3 * 255).astype(np.uint8)), tmp_path / "look.png")
    write(Frame(mask), tmp_path / "mask.png")
    pictures = {"style": str(tmp_path / "look.png"), "mask": str(tmp_path / "mask.png")}
    with Session(device="cpu", precision="float32", vae=str(saved["scaled"][0])) as session:
        styled = session.run(Step("style", **pictures), Frame(pixels)).frame.pixels
        left = session.run(Step("style", strength=0, **pictures), Frame(pixels)).frame.pixels
    assert np.array_equal(styled[:, :20], pixels[:, :20])
    assert not np.array_equal(styled[:, 20:], pixels[:, 20:])
    assert np.array_equal(left, pixels)


def test_vary_draws_from_the_posterior_and_refuses_points(saved):
    pixels = np.rint(picture(24, 24) * 255).astype(np.uint8)
    for name in ("scaled", "tiny"):
        with Session(device="cpu", precision="float32", vae=str(saved[name][0])) as session:
            if name == "tiny":
                with pytest.raises(VaeeditError, match="needs a VAE with a posterior"):
                    session.run(Step("vary", amount=20.0), Frame(pixels))
                continue
            varied = session.run(Step("vary", amount=20.0), Frame(pixels)).frame.pixels
            assert not np.array_equal(varied, pixels)


def test_a_pipelines_folder_is_its_vae(saved, tmp_path):
    shutil.copytree(saved["scaled"][0], tmp_path / "painter" / "vae")
    (tmp_path / "painter" / "model_index.json").write_text("{}")
    path = find_vae(str(tmp_path / "painter"), registry())
    assert path == tmp_path / "painter" / "vae"
    assert load_vae(tmp_path / "painter", registry())[1] == load_vae(path, registry())[1]
    info = load_vae(path, registry())[1]
    assert (info.name, info.config["config"]["scaling_factor"]) == ("painter", 0.3)


def test_names_of_older_versions_and_half_precision_are_read(saved, copied):
    older = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    tensors = load_file(copied / WEIGHTS)
    for new, old in older.items():
        tensors = {
            key.replace(f"attentions.0.{new}.", f"attentions.0.{old}."): v for key, v in tensors.items()
        }
    assert any(".query." in key for key in tensors)
    (copied / WEIGHTS).unlink()
    half = {key: tensor.half() for key, tensor in tensors.items()}
    save_file(half, copied / WEIGHTS.replace(".safe", ".fp16.safe"), {"format": "pt"})
    expected = load_vae(saved["scaled"][0], registry())[0].state_dict()
    found = load_vae(copied, registry())[0].state_dict()
    assert found.keys() == expected.keys()
    for key, tensor in found.items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, expected[key].half().float())


@pytest.mark.parametrize("name", CONFIGS)
@torch.inference_mode()
def test_one_file_runs_without_the_folder(saved, session, tmp_path, name):
    folder = shutil.copytree(saved[name][0], tmp_path / "folder")
    info = convert(folder, tmp_path / "one.vae.safetensors", registry())
    shutil.rmtree(folder)
    assert info.architecture == "diffusers"
    assert set(info.training["converted"]) == {"config.json", WEIGHTS}
    x = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(0))
    one, other = (
        vae.network.decode(vae.network.encode(x, {}).mean()).mean
        for vae in (session.vae(str(saved[name][0])), session.vae(str(tmp_path / "one.vae.safetensors")))
    )
    assert torch.allclose(one, other, atol=1e-2)  # weights, which are random here, are stored as float16


def test_what_is_damaged_or_unfit_is_a_sentence(copied):
    def refused(match):
        with pytest.raises(WeightsError, match=match):
            load_vae(copied, registry())

    tensors = load_file(copied / WEIGHTS)
    save_file(
        {k: v for k, v in tensors.items() if k != "encoder.conv_in.weight"},
        copied / WEIGHTS,
        {"format": "pt"},
    )
    refused(r"lack encoder\.conv_in\.weight")
    (copied / WEIGHTS).write_bytes(b"no weights")
    refused("does not fit its architecture diffusers")
    (copied / WEIGHTS).unlink()
    torch.save(tensors, copied / "diffusion_pytorch_model.bin")
    refused(r"no diffusion_pytorch_model\.safetensors")
    config = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps({**config, "in_channels": 4, "out_channels": 4}))
    refused("three channels")
    (copied / "config.json").write_text(json.dumps({**config, "norm_num_groups": "eight"}))
    refused("does not fit its architecture diffusers")
    (copied / "config.json").write_text(json.dumps({**config, "_class_name": "AutoencoderOobleck"}))
    refused("no VAE of a known kind")


def test_a_copy_of_the_hub_is_used_without_the_net(saved, tmp_path, monkeypatch):
    hub = pytest.importorskip("huggingface_hub", reason=LIBRARY)
    repository = tmp_path / "models--someone--painter"
    shutil.copytree(saved["scaled"][0], repository / "snapshots" / "abc" / "vae")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    path = find_vae("hub:someone/painter", registry())
    assert path == repository / "snapshots" / "abc" / "vae"
    assert read_info(path, registry()).name == "someone/painter"
    with pytest.raises(
        WeightsError, match="hub:someone/else is not on this machine and could not be downloaded"
    ):
        find_vae("hub:someone/else", registry())


def test_only_what_is_needed_is_asked_of_the_hub(saved, monkeypatch):
    hub = pytest.importorskip("huggingface_hub", reason=LIBRARY)
    asked = []

    def answer(name, *, revision, allow_patterns, local_files_only=False):
        asked.append((name, revision, local_files_only))
        assert all(pattern.endswith(("config.json", ".safetensors")) for pattern in allow_patterns)
        if local_files_only:
            raise hub.errors.LocalEntryNotFoundError("no copy")
        return str(saved["tiny"][0])

    monkeypatch.setattr(hub, "snapshot_download", answer)
    assert find_vae("hub:someone/tiny@v2", registry()) == saved["tiny"][0]
    assert asked == [("someone/tiny", "v2", True), ("someone/tiny", "v2", False)]


def test_without_the_library_it_is_described_but_not_loaded(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "diffusers", None)
    (tmp_path / "config.json").write_text('{"_class_name": "AutoencoderKL", "scaling_factor": 0.5}')
    info = read_info(tmp_path, registry())
    assert info.config == {"kind": "AutoencoderKL", "config": {"scaling_factor": 0.5}}
    with pytest.raises(MissingExtra, match=r"pip install 'vaeedit\[diffusers\]'"):
        load_vae(tmp_path, registry())
    with pytest.raises(MissingExtra, match=r"vaeedit\[diffusers\]"):
        find_vae("hub:someone/tiny", registry())

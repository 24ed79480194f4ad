"""VAE files: everything travels in one safetensors file, and nothing else is loaded."""

import pickle

import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import save_file

from vaeedit.errors import UnknownName, UsageError, WeightsError
from vaeedit.extension.registry import registry
from vaeedit.options import as_dict
from vaeedit.vae.build import build
from vaeedit.vae.card import card
from vaeedit.vae.files import VaeInfo, find_vae, load_vae, read_info, save_vae, update_info
from vaeedit_restore.configs import RestorerConfig

SHAPE = as_dict(
    RestorerConfig(widths=(8, 8), blocks=(1, 1), latents=(2, 2), ladder_widths=(8, 8), encoder_widths=(8, 8))
)
INFO = VaeInfo(name="tiny", architecture="ladder-restorer", config=SHAPE, license="MIT", recipe={"seed": 3})


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.safetensors"
    torch.manual_seed(0)
    network = build(INFO.architecture, SHAPE, registry())
    save_vae(path, network, INFO)
    return path, network


def test_network_and_header_come_back(tiny):
    path, network = tiny
    loaded, info = load_vae(path, registry())
    assert info == INFO
    for key, value in loaded.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, network.state_dict()[key].half().float())
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_recording_figures_leaves_the_weights_alone(tiny):
    path, _ = tiny
    before = load_vae(path, registry())[0].state_dict()
    figures = {"set sigma 25": {"psnr": 31.5, "protocol": "as agreed"}, "set sigma 50": {"psnr": 28.5}}
    update_info(path, replace(read_info(path), figures=figures, temperature=1.5))
    loaded, info = load_vae(path, registry())
    assert info.figures == figures
    assert info.temperature == 1.5
    assert all(torch.equal(before[key], value) for key, value in loaded.state_dict().items())
    assert "| set sigma 25 | 31.5 |" in card(info)
    assert "Protocol: as agreed." in card(info)


def test_a_card_adds_up_the_hours_and_operations_of_all_stages():
    training = {"minutes": 30.0, "petaflop": 1.5, "before": {"minutes": 60.0, "before": {"steps": 4}}}
    text = card(replace(INFO, training=training))
    assert "- hours: 1.5; stages counted: 2 of 3\n- PFLOP: 1.5; stages counted: 1 of 3" in text
    for training in ({}, {"minutes": "long", "before": []}):
        assert "stages counted" not in card(replace(INFO, training=training))


def test_a_pickle_is_never_opened(tmp_path):
    class Trap:
        def __reduce__(self):
            return (exec, ("raise SystemExit('the pickle ran')",))

    path = tmp_path / "trap.safetensors"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(WeightsError, match="not a readable safetensors file"):
        load_vae(path, registry())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architecture": "unheard-of"}, "needs a plugin that is not loaded"),
        ({"config": {**SHAPE, "widths": [8, 16]}}, "does not fit its architecture"),
        ({"config": {**SHAPE, "widths": [8]}}, "does not fit its architecture"),
        ({"config": {**SHAPE, "width": [8]}}, "did you mean 'widths'"),
    ],
)
def test_a_header_that_does_not_fit_is_a_sentence(tmp_path, change, message):
    from msgspec.structs import replace

    path = tmp_path / "odd.safetensors"
    save_vae(path, build(INFO.architecture, SHAPE, registry()), replace(INFO, **change))
    with pytest.raises(WeightsError, match=message):
        load_vae(path, registry())


def test_a_file_without_our_header_is_a_sentence(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(WeightsError, match="no vaeedit header"):
        read_info(path)


def test_names_and_paths_are_found_or_refused(tiny):
    assert find_vae(str(tiny[0]), registry()) == tiny[0]
    assert find_vae("denoise", registry()).name == "denoise.safetensors"
    with pytest.raises(UnknownName, match="did you mean 'denoise'"):
        find_vae("denoize", registry())
    with pytest.raises(UsageError, match="no VAE file"):
        find_vae("none/there.safetensors", registry())

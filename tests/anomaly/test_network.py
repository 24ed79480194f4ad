"""The restorer of normals: what it sees is local, whole from tiles, and in the file's 16 bits."""

from functools import partial

import numpy as np
import pytest
import torch

from vaeedit.image import Frame
from vaeedit.run.operation import Request
from vaeedit.vae.files import VaeInfo
from vaeedit.vae.loaded import LoadedVae
from vaeedit.vae.protocol import ConditionalVAE
from vaeedit_anomaly import AnomalyOptions, NormalConfig
from vaeedit_anomaly.memory import Memory, farthest
from vaeedit_anomaly.network import NormalRestorer
from vaeedit_anomaly.operation import Anomaly

SMALL = NormalConfig(
    channels=1,
    widths=(4, 6, 8),
    blocks=(1, 1, 1),
    latents=(1, 2, 2),
    ladder_widths=(4, 4, 6),
    encoder_widths=(4, 4, 4),
)


def shaken(shape=SMALL):
    """Random weights everywhere: the zero initialization of heads would hide what they depend on."""
    network, generator = NormalRestorer(shape), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(noise / max(1, parameter[0].numel()) ** 0.5)
    network.memory.fill(torch.randn(200, 18, generator=generator), size=20, components=6)
    return network.eval()


def test_it_is_what_the_core_asks_for():
    network = NormalRestorer(SMALL)
    assert isinstance(network, ConditionalVAE)
    assert isinstance(network, ConditionalVAE)
    assert "anomaly_maps" not in network.train().encode(torch.rand(1, 1, 16, 16), {}).context


@torch.inference_mode()
def test_nothing_it_sees_reaches_further_than_its_receptive_field():
    network = shaken()
    size = network.multiple * (2 * network.receptive_field // network.multiple + 4)
    image = torch.rand(1, 1, size, size, generator=torch.Generator().manual_seed(0))
    changed = image.clone()
    middle = size // 2
    changed[..., middle, middle] += 0.5
    before, after = (network.encode(x, {}).context["anomaly_maps"] for x in (image, changed))
    assert set(before) == {
        "observed",
        "mean",
        "log_odds",
        "features",
        "distance",
    }
    for name, grid in before.items():
        stride = size // grid.shape[2]
        places = torch.nonzero((grid != after[name])[0].any(0)) * stride
        assert len(places) > 0, name
        assert (places - middle).abs().max() <= network.receptive_field, name


@pytest.mark.parametrize("tile", [48, 64, 200])
def test_what_tiles_see_together_is_what_the_whole_image_gives(tile):
    frame = Frame(np.random.default_rng(0).random((150, 181, 1), np.float32))
    info = VaeInfo(name="x", architecture="normal-restorer", config={})
    loaded = LoadedVae(shaken(), info, torch.device("cpu"))

    def seen(side):
        looking = Anomaly(Request(AnomalyOptions()))
        looking.vae = info
        loaded.visit(frame, partial(looking.gather, 0), precision=torch.float32, tile=side)
        return {name: grid.whole() for name, grid in looking.grids.items()}

    at_once, tiled = seen(1000), seen(tile)
    for name, grid in at_once.items():
        assert grid.shape == tiled[name].shape
        assert torch.allclose(grid, tiled[name], atol=1e-4, rtol=1e-4), name


def test_learning_to_label_lowers_the_loss_of_labels():
    torch.manual_seed(0)
    network = NormalRestorer(SMALL)
    x = torch.rand(8, 1, 1, 1).expand(8, 1, 32, 32).contiguous()
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(40):
        observed, labels = network.spoil(x)
        loss = network.label_loss(network.encode(observed, {}), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:10])


def test_a_memory_knows_what_it_was_filled_with_and_measures_in_standard_deviations():
    generator = torch.Generator().manual_seed(0)
    known = torch.randn(300, 5, generator=generator) * torch.tensor([1.0, 5.0, 0.2, 3.0, 1.0]) + 7
    memory = Memory(5)
    assert not memory.filled
    memory.fill(known, size=300, components=5)
    grid = known.T.reshape(1, 5, 15, 20)
    assert memory(grid).max() < 1e-2
    for channel, deviation in ((1, 5.0), (2, 0.2)):
        far = known.mean(0)
        far[channel] += 8 * deviation
        assert 4 < memory(far.view(1, 5, 1, 1)).item() < 8.5


def test_representatives_cover_everything():
    points = torch.cat([torch.zeros(50, 2), torch.ones(50, 2), torch.tensor([[9.0, 9.0]])])
    chosen = points[farthest(points, 3)]
    assert {tuple(point) for point in chosen.tolist()} == {(0, 0), (1, 1), (9, 9)}
    assert len(farthest(points, 500)) == 101

"""Recurrent VAEs: bounds, the division into layers, and what they predict."""

import pytest
import torch

from vaeedit.vae.draws import importance_bound
from vaeedit_variants.clips_objective import ClipElbo, PathElbo, Tracking
from vaeedit_variants.moving import moving
from vaeedit_variants.recurrent import ConvGRU, Recurrent
from vaeedit_variants.rvae import RVAE
from vaeedit_variants.sequence_options import ClipOptions, PathOptions, RvaeConfig, VrnnConfig
from vaeedit_variants.sheets import centers, divided, found, moved
from vaeedit_variants.vrnn import VRNN

SIZE = {"height": 32, "width": 32}


@pytest.fixture(params=["vrnn", "rvae"])
def network(request):
    torch.manual_seed(0)
    if request.param == "vrnn":
        return VRNN(VrnnConfig(**SIZE, units=8, latents=4)).eval().requires_grad_(False)
    return RVAE(RvaeConfig(**SIZE, units=8, latents=4)).eval().requires_grad_(False)


def squares(count, frames, seed=0):
    """Clips of two small squares that move."""
    images = torch.zeros(count, 2, 12, 12)
    images[:, 0, 3:9, 3:9], images[:, 1, 4:8, 2:10] = 1.0, 0.8
    return moving(images, frames, 32, torch.Generator().manual_seed(seed))


def test_the_bound_of_many_samples_is_above_the_elbo_and_the_parts_add_up(network):
    torch.manual_seed(0)
    clip = squares(4, 5)
    draws = [network.draw_clip(clip) for _ in range(40)]
    elbo = torch.stack([draw.elbo for draw in draws]).mean(0)
    assert (importance_bound(draws) >= elbo).all()
    assert draws[0].likelihood.mean.shape == clip.shape
    assert torch.allclose(draws[0].elbo, draws[0].log_likelihood - torch.stack(draws[0].kl).sum(0))
    assert isinstance(network, Recurrent)


def test_with_one_frame_it_is_an_ordinary_vae(network):
    torch.manual_seed(0)
    clip = squares(3, 1)
    draw = network.draw_clip(clip)
    assert len(draw.kl) == 1 and draw.kl[0].shape == (3,)  # noqa: PT018
    ratio = torch.stack([network.draw_clip(clip).log_ratio for _ in range(2000)]).mean(0)
    assert torch.allclose(ratio, draw.kl[0], atol=0.2)  # the KL divergence is the mean of log q - log p


def test_frames_go_on_after_a_clip_or_from_nothing_and_depend_on_the_noise(network):
    clip = squares(2, 4)
    noise = network.noise(2, 3, 4)
    mean = network.continued(clip, noise.mean(), 3)
    assert mean.shape == (2, 3, 1, 32, 32)
    assert torch.equal(mean, network.continued(clip, noise.mean(), 3))
    assert not torch.equal(mean, network.continued(clip, noise.sample(0), 3))
    nothing = network.continued(clip[:, :0], network.noise(2, 3, 0).sample(0), 3)
    assert nothing.shape == (2, 3, 1, 32, 32) and nothing.min() >= 0 and nothing.max() <= 1  # noqa: PT018


def test_motions_are_found_and_layers_divided():
    layer = torch.rand(3, 20, 20)
    shift = torch.tensor([[2.0, -3.0], [0.0, 4.0], [-1.0, -1.0]])
    x = moved(layer[:, None], shift[:, None])[:, 0]
    mean, std = found(layer, x, torch.zeros(3, 2), torch.full((3, 2), 4.0), torch.tensor(2.0))
    assert torch.allclose(mean, shift, atol=0.05)
    assert (std < 0.2).all()
    both = torch.zeros(1, 2, 8, 8)
    both[0, 0, 1:3, 1:3], both[0, 1, 5:7, 5:7] = 1, 1
    assert torch.allclose(divided(both.amax(1, keepdim=True), both), both, atol=0.02)
    assert torch.allclose(centers(both), torch.tensor([[[1.5, 1.5], [5.5, 5.5]]]), atol=1e-2)


def test_two_things_are_followed_without_training():
    torch.manual_seed(0)
    network = VRNN(VrnnConfig(**SIZE, units=8, latents=4)).requires_grad_(False)
    clip = squares(8, 8, seed=3)
    errors = (network.draw_clip(clip).likelihood.mean - clip).square().sum((2, 3, 4)).mean(0)
    assert errors[-1] < errors[1] / 2


def test_objectives_train_and_remember_paths():
    torch.manual_seed(0)
    network = VRNN(VrnnConfig(**SIZE, units=8, latents=4))
    assert isinstance(network, Tracking)
    x = torch.zeros(4, 1, 12, 12)
    x[:, :, 3:9, 3:9] = 1
    objective = PathElbo(PathOptions(frames=5, given=3, memory=12, paths=6))
    for _ in range(3):
        losses = objective.losses(network, x, 0.0)
    assert set(losses.parts) == {"distortion", "rate", "paths", "predicted"}
    assert objective.memory.shape == (12, 2, 5, 2)
    torch.stack(list(losses.parts.values())).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    simple = ClipElbo(ClipOptions(frames=3)).losses(network, x, 0.0)
    assert set(simple.parts) == {"distortion", "rate"}


def test_a_closed_gate_keeps_the_state():
    layer = ConvGRU(2, 3).requires_grad_(False)
    layer.gates.weight.zero_()
    layer.gates.bias.fill_(-50.0)
    h = torch.rand(1, 3, 4, 4)
    assert torch.equal(layer(torch.rand(1, 2, 4, 4), h), h)

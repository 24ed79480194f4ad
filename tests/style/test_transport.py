"""The mathematics of style: sliced and Gaussian transport, coherent matches, quilts."""

import pytest
import torch

from vaeedit_style.matching import Matcher
from vaeedit_style.quilt import quilted
from vaeedit_style.sliced import Line, mixed_quantiles, quantiles_of, transported
from vaeedit_style.transport import transport_gaussian


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_a_line_meets_the_target_and_keeps_order():
    source, target = normal(4000), normal(4000, seed=1).exp()
    moved = Line(source, quantiles_of(target))(source)
    assert torch.allclose(quantiles_of(moved), quantiles_of(target), atol=0.05)
    order = source.argsort()
    assert (moved[order].diff() >= -1e-5).all()


def test_a_value_that_repeats_goes_to_the_mean_of_its_images():
    target = torch.linspace(0, 1, 500)
    moved = Line(torch.full((100,), 0.3), quantiles_of(target))(torch.tensor([0.3, 0.5]))
    assert moved[0].item() == pytest.approx(0.5, abs=1e-3)
    assert moved[1].item() == pytest.approx(0.7, abs=1e-3)


def test_a_barycenter_on_a_line_has_the_mean_quantiles():
    first, second = normal(3000), 4 + normal(3000, seed=1)
    assert mixed_quantiles([first, second], [0.25, 0.75]).mean().item() == pytest.approx(3, abs=0.1)


def test_sliced_transport_meets_a_distribution_that_is_no_gaussian():
    source = normal(5000, 2)
    angle = 2 * torch.pi * torch.rand(5000, generator=torch.Generator().manual_seed(2))
    ring = torch.stack([angle.cos(), angle.sin()], 1)
    moved = transported(source, source, [ring], [1.0], 12)
    assert source.norm(dim=1).std() > 0.5
    assert moved.norm(dim=1).std() < 0.25
    assert torch.allclose(moved.mean(0), ring.mean(0), atol=0.05)


@pytest.mark.parametrize(
    "move",
    [
        lambda points, to: transport_gaussian(points, points, to),
        lambda points, to: transported(points, points, [to], [1.0], 5),
    ],
)
def test_a_distribution_is_carried_to_itself_by_the_identity(move):
    points = normal(600, 3) @ torch.tensor([[1.0, 0.5, 0], [0, 2, 0], [0, 1, 0.1]])
    assert torch.allclose(move(points, points), points, atol=1e-4)


def test_gaussians_meet_in_mean_and_covariance():
    points, to = normal(4000, 2), 3 + normal(4000, 2, seed=1) @ torch.tensor([[2.0, 1.0], [0.0, 0.5]])
    moved = transport_gaussian(points, points, to)
    assert torch.allclose(moved.T.cov(), to.T.cov(), atol=0.05)
    assert torch.allclose(moved.mean(0), to.mean(0), atol=1e-3)


def test_what_is_there_is_found_at_one_offset():
    style = normal(9, 11, 6)
    places = torch.stack(
        torch.meshgrid(torch.arange(0, 6, 2), torch.arange(0, 8, 2), indexing="ij"), -1
    ).flatten(0, 1)
    content = style[places[:, 0] + 2, places[:, 1] + 3]
    assert (Matcher(content, places, (3, 4), style).offsets() == torch.tensor([2, 3])).all()


def test_no_patch_becomes_a_stamp(monkeypatch):
    style, content = normal(24, 24, 4), normal(144, 4) / 4
    style[10:12, 10:12] = 0  # all of the content is nearest to this place
    places = torch.stack(torch.meshgrid(torch.arange(12), torch.arange(12), indexing="ij"), -1).flatten(0, 1)
    monkeypatch.setattr("vaeedit_style.matching.COHERENCE", 0.0)

    def most():
        offsets = Matcher(content, places, (12, 12), style).offsets()
        goal = (places + offsets.flatten(0, 1)) // 2
        return torch.bincount(goal[:, 0] * 12 + goal[:, 1]).max().item()

    limited = most()
    monkeypatch.setattr("vaeedit_style.matching.PRICE", 0.0)
    assert limited < most() / 3


def test_neighbors_agree_where_little_speaks_against_it(monkeypatch):
    style, content = normal(12, 12, 4), torch.zeros(36, 4)
    style[..., 0] = 4  # about as far from one place as from another
    places = torch.stack(torch.meshgrid(torch.arange(6), torch.arange(6), indexing="ij"), -1).flatten(0, 1)

    def agreement():
        offsets = Matcher(content, places, (6, 6), style).offsets()
        goal = places.reshape(6, 6, 2) + offsets
        assert ((goal >= 0) & (goal < 12)).all()
        down, across = offsets[1:] == offsets[:-1], offsets[:, 1:] == offsets[:, :-1]
        return torch.cat([down.all(-1).flatten(), across.all(-1).flatten()]).float().mean().item()

    together = agreement()
    monkeypatch.setattr("vaeedit_style.matching.COHERENCE", 0.0)
    assert together > 0.2
    assert together > 1.5 * agreement()


def test_a_quilt_of_one_offset_is_a_copy():
    source, offsets = normal(2, 36, 40), torch.tensor([4, -3]).expand(4, 5, 2)
    quilt = quilted(source, offsets, 4, 11, 16)
    assert torch.allclose(quilt, source[:, 12:23, 5:21], atol=1e-5)  # after a margin of 8


def test_a_quilt_of_many_offsets_keeps_the_variance():
    offsets = torch.randint(0, 150, (30, 30, 2), generator=torch.Generator().manual_seed(0))
    quilt = quilted(normal(1, 432, 432), offsets, 8, 232, 232)
    assert quilt.std().item() == pytest.approx(1, abs=0.05)

"""Muon's orthogonalization, and that it trains."""

from copy import deepcopy

import pytest
import torch

from vaeedit.training.muon import Muon, fast_products, orthogonalize


def test_singular_values_come_near_one():
    generator = torch.Generator().manual_seed(0)
    for shape in ((4, 24, 96), (2, 96, 24), (1, 32, 32)):
        matrices = torch.randn(shape, generator=generator)
        values = torch.linalg.svdvals(orthogonalize(matrices))
        well_conditioned = values[:, : int(0.9 * values.shape[1])]
        assert well_conditioned.min() > 0.5  # Jordan's coefficients aim at [0.7, 1.2], not at exactly 1
        assert values.max() < 1.3


def test_the_direction_is_kept():
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(1, 24, 96, generator=generator)
    left, _, right = torch.linalg.svd(matrix[0], full_matrices=False)
    cosine = torch.nn.functional.cosine_similarity(
        orthogonalize(matrix).flatten(), (left @ right).flatten(), 0
    )
    assert cosine > 0.97


def test_wide_weights_take_muon_and_the_rest_adam():
    layers = torch.nn.Sequential(torch.nn.Conv2d(3, 32, 3), torch.nn.Conv2d(32, 32, 3))
    optimizer = Muon(layers.parameters(), 1e-3, adam_lr=1e-3)
    by_kind = {group["muon"]: len(group["params"]) for group in optimizer.param_groups}
    assert by_kind == {True: 1, False: 3}  # one wide weight; a narrow weight and two biases


def test_it_fits_a_linear_map():
    torch.manual_seed(0)
    truth, layer = torch.randn(32, 32) / 6, torch.nn.Linear(32, 32)
    optimizer = Muon(layer.parameters(), 0.02, adam_lr=0.02)
    losses = []
    for _ in range(150):
        x = torch.randn(64, 32)
        loss = (layer(x) - x @ truth.T).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]


def test_decay_shrinks_the_matrices_only():
    layer = torch.nn.Conv2d(32, 32, 3)
    weight, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    optimizer = Muon(layer.parameters(), 0.1, adam_lr=0.1, weight_decay=0.5)
    for parameter in layer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    assert torch.allclose(layer.weight, 0.95 * weight)
    assert torch.equal(layer.bias, bias)


def test_its_state_survives_saving():
    torch.manual_seed(0)
    x = torch.randn(16, 32)

    def train(layer, optimizer, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            layer(x).square().mean().backward()
            optimizer.step()

    layers = [torch.nn.Linear(32, 32) for _ in range(2)]
    optimizers = [Muon(layer.parameters(), 1e-2, adam_lr=1e-2) for layer in layers]
    train(layers[0], optimizers[0], 3)
    layers[1].load_state_dict(layers[0].state_dict())
    optimizers[1].load_state_dict(deepcopy(optimizers[0].state_dict()))
    for layer, optimizer in zip(layers, optimizers, strict=True):
        train(layer, optimizer, 2)
    assert torch.allclose(layers[0].weight, layers[1].weight)


def test_fast_products_are_still_float32_and_leave_no_trace():
    matrix = torch.randn(192, 512, generator=torch.Generator().manual_seed(0))
    exact = matrix.double() @ matrix.double().T
    before = torch.get_float32_matmul_precision()
    with fast_products(torch.device("cpu")):
        error = (matrix @ matrix.T - exact).abs().max() / exact.abs().max()
    assert error < 3e-6  # bfloat16 would give 1e-3
    assert torch.get_float32_matmul_precision() == before


def test_without_a_rate_adam_trains_the_matrices_too():
    layer = torch.nn.Linear(64, 64)
    optimizer = Muon(layer.parameters(), 0.0, adam_lr=0.01)
    assert [group["muon"] for group in optimizer.param_groups] == [False]
    before = layer.weight.detach().clone()
    layer(torch.ones(2, 64)).sum().backward()
    optimizer.step()
    assert (layer.weight - before).abs().mean().item() == pytest.approx(
        0.01, rel=0.01
    )  # the first step of Adam


def test_what_is_no_matrix_takes_the_steps_of_adam():
    torch.manual_seed(0)
    ours, theirs = (torch.nn.Parameter(torch.arange(5.0)) for _ in range(2))
    frozen = torch.nn.Parameter(torch.ones(3))  # gets no gradient
    optimizers = [Muon([ours, frozen], 0.1, adam_lr=0.1), torch.optim.Adam([theirs], 0.1, betas=(0.9, 0.99))]
    for _ in range(5):
        for parameter, optimizer in zip((ours, theirs), optimizers, strict=True):
            parameter.grad = parameter.detach() ** 2 - 1
            optimizer.step()
    torch.testing.assert_close(ours, theirs)
    ours.grad = None
    optimizers[0].step()
    torch.testing.assert_close(ours, theirs)

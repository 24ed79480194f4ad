"""Weights of infrared: the strongest picture of a place, with an advantage for what won the coarser scales there."""

import torch

from vaeedit_fuse.weights import Inherited


def maps(first, second):
    return torch.tensor([first, second], dtype=torch.float32)[:, None, None]


def test_alone_the_strongest_wins():
    weights = Inherited()(maps([4.0, 1.0, 9.0], [1.0, 4.0, 0.0]))
    assert weights[:, 0, 0].tolist() == [[1, 0, 1], [0, 1, 0]]


def test_a_region_that_was_won_keeps_its_details():
    choose = Inherited()
    choose(maps([100.0], [0.0]))
    close = choose(maps([1.0, 1.0], [1.5, 1.5]))
    assert close[0].min() == 1  # by itself the second picture would have taken both places
    clear = Inherited()
    clear(maps([1.1], [1.0]))
    assert clear(maps([0.01, 0.01], [4.0, 4.0]))[1].min() == 1


def test_units_of_a_scale_do_not_count():
    """Activities of pixels and of latents are in different units."""
    coarse, fine = maps([3.0, 1.0], [2.0, 2.0]), maps([1.0, 2.0, 3.0, 1.0], [2.0, 1.0, 1.0, 3.0])
    found = []
    for unit in (1.0, 1e4):
        choose = Inherited()
        choose(unit * coarse)
        found.append(choose(fine))
    assert torch.equal(*found)


def test_places_where_nothing_is_are_given_to_one():
    weights = Inherited()(torch.zeros(3, 1, 4, 4))
    assert torch.equal(weights.sum(0), torch.ones(1, 4, 4))

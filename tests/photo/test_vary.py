"""`vary`: draws from the posterior."""

import numpy as np
import pytest

import vaeedit
from vaeedit.errors import VaeeditError


def change(run, cat, **options):
    return run("vary", cat, **options).frame.floats() - cat.floats()


def test_a_seed_gives_a_draw(run, cat):
    first, again, other = (change(run, cat, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert first.any()
    assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.3


def test_the_amount_is_how_far_it_goes(run, cat):
    small, large = (change(run, cat, amount=amount).std() for amount in (1, 8))
    assert 3 * small < large
    assert small < 0.05
    assert run("vary", cat, amount=0).frame is cat


def test_of_a_vae_that_loses_nothing_it_is_the_posterior(run, cat, toys):
    found = change(run, cat, vae=toys["gaussian"])
    inside = (cat.floats() > 0.45) & (cat.floats() < 0.55)  # nothing is clipped there
    assert inside.sum() > 500
    assert found[inside].std() == pytest.approx(np.exp(-2), rel=0.1)


def test_a_draw_may_be_drawn_from(session, cat):
    once, twice = (
        session.run(vaeedit.Pipeline(*[vaeedit.Step("vary")] * count), cat).frame for count in (1, 2)
    )
    assert not np.array_equal(once.pixels, twice.pixels)


def test_points_cannot_vary(run, cat, toys):
    with pytest.raises(VaeeditError, match="needs a VAE with a posterior"):
        run("vary", cat, vae=toys["points"])

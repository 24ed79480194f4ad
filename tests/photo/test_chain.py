"""Edits of the photo VAE chain: one encode and one decode, and less is lost than by round trips."""

from unittest.mock import patch

import numpy as np
import pytest
from skimage import data

import vaeedit
from vaeedit.api import Frame, psnr
from vaeedit_photo.named import edited

BRIGHTNESS, WARMTH = (vaeedit.Step("direct", along=name) for name in ("brightness", "warmth"))


@pytest.fixture(scope="module")
def photograph():
    """With room for a brighter one."""
    return Frame((20 + 0.7 * data.coffee()[100:228, 200:344]).astype(np.uint8))


def by_round_trips(session, steps, frame):
    for step in steps:
        frame = session.run(step, frame).frame
    return frame


def test_three_edits_take_one_encode_and_the_decodes_of_one(session, photograph):
    network = session.vae("photo").network
    steps = [vaeedit.Step("vary", amount=amount) for amount in (1, 0.5, 0.2)]
    calls = {}
    for name, way in {
        "chain": lambda: session.run(vaeedit.Pipeline(*steps), photograph),
        "one": lambda: session.run(steps[0], photograph),
        "round trips": lambda: by_round_trips(session, steps, photograph),
    }.items():
        with (
            patch.object(network, "encode", wraps=network.encode) as encode,
            patch.object(network, "decode", wraps=network.decode) as decode,
        ):
            way()
        calls[name] = encode.call_count, decode.call_count
    assert calls == {
        "chain": (1, 2),
        "one": (1, 2),
        "round trips": (3, 6),
    }  # decoded: the edited and the original


def test_a_chain_loses_less_than_round_trips(session, photograph):
    """Round trips round to 8 bits three times, not once: alone that is at most 4.8 dB, three times the error.

    Both share the error of `direct` and `vary` themselves, so 2.6 dB are left here; 1 is less than half of that.
    """
    steps = [BRIGHTNESS, WARMTH, vaeedit.Step("vary", amount=0.1)]
    x = photograph.floats()
    ideal = x + sum(edited(photograph, name).floats() - x for name in ("brightness", "warmth"))
    found = [
        session.run(vaeedit.Pipeline(*steps), photograph).frame,
        by_round_trips(session, steps, photograph),
    ]
    chained, apart = (psnr(255 * ideal, 255 * frame.floats()) for frame in found)
    assert chained > apart + 1


def test_edits_that_cancel_give_the_picture_back(session, photograph):
    back = vaeedit.Step("direct", along="brightness", amount=-0.5)
    result = session.run(vaeedit.Pipeline(BRIGHTNESS, back, back), photograph)
    assert np.array_equal(result.frame.pixels, photograph.pixels)
    assert [result.notes[name]["direction"] for name in ("direct", "direct-2", "direct-3")] == [
        "brightness"
    ] * 3
    assert not np.array_equal(
        by_round_trips(session, [BRIGHTNESS, back, back], photograph).pixels, photograph.pixels
    )

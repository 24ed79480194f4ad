import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vaeedit.tiling import MOST, SMALLEST, Span, best_sides, reflected, spans, tiles

SIZES = st.integers(1, 300)
TILES = st.integers(0, 400)
HALOS = st.integers(0, 70)
MULTIPLES = st.sampled_from([1, 2, 3, 4, 8, 16, 32])


def _padded(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


def _box(values: np.ndarray, radius: int, axis: int) -> np.ndarray:
    """Sums over 2 radius + 1 neighbors; beyond the ends there is nothing, as in a padded convolution."""
    length = values.shape[axis]
    sums = np.concatenate([np.zeros_like(values.take([0], axis)), values.cumsum(axis)], axis)
    stops = np.minimum(np.arange(length) + radius + 1, length)
    return sums.take(stops, axis) - sums.take(np.maximum(np.arange(length) - radius, 0), axis)


def _blur(values: np.ndarray, radius: int) -> np.ndarray:
    return _box(_box(values, radius, 0), radius, 1)


@given(SIZES, TILES, HALOS, MULTIPLES)
def test_kept_pixels_follow_each_other_without_gap_or_overlap(size, tile, halo, multiple):
    parts = spans(size, tile, halo, multiple)
    assert [parts[0].start, *(part.stop for part in parts)] == [*(part.start for part in parts), size]
    assert all(part.start < part.stop for part in parts)


@given(SIZES, TILES, HALOS, MULTIPLES)
def test_a_tile_keeps_at_most_its_size_rounded_up(size, tile, halo, multiple):
    assert all(s.stop - s.start <= _padded(max(tile, 1), multiple) for s in spans(size, tile, halo, multiple))


@given(SIZES, TILES, HALOS, MULTIPLES)
def test_what_a_tile_sees_starts_and_ends_on_multiples(size, tile, halo, multiple):
    for span in spans(size, tile, halo, multiple):
        assert span.outer_start % multiple == span.outer_stop % multiple == 0
        assert span.start % multiple == 0
        assert span.stop % multiple == 0 or span.stop == size


@given(SIZES, TILES, HALOS, MULTIPLES)
def test_a_tile_sees_its_halo_unless_the_padded_border_cuts_it(size, tile, halo, multiple):
    end = _padded(size, multiple)
    for span in spans(size, tile, halo, multiple):
        assert 0 <= span.outer_start <= max(0, span.start - halo)
        assert min(end, span.stop + halo) <= span.outer_stop <= end


@given(SIZES, HALOS, MULTIPLES)
def test_a_tile_as_large_as_the_picture_is_the_only_one(size, halo, multiple):
    assert spans(size, size, halo, multiple) == [Span(0, size, 0, _padded(size, multiple))]


@given(SIZES, SIZES, st.integers(8, 400), HALOS, MULTIPLES)
@settings(max_examples=60)
def test_targets_partition_the_picture(height, width, tile, halo, multiple):
    counts = np.zeros((height, width), int)
    for part in tiles(height, width, (tile, tile), halo, multiple):
        counts[part.rows.target, part.columns.target] += 1
    assert (counts == 1).all()


@given(SIZES, TILES, HALOS, MULTIPLES)
def test_kept_and_target_are_the_same_pixels(size, tile, halo, multiple):
    for span in spans(size, tile, halo, multiple):
        seen = np.arange(span.outer_start, span.outer_stop)
        np.testing.assert_array_equal(seen[span.kept], np.arange(size)[span.target])


@given(SIZES, TILES, HALOS, MULTIPLES)
def test_reflected_gives_the_content_of_a_reflecting_pad(size, tile, halo, multiple):
    content = np.random.default_rng(size).random(size)
    whole = np.pad(content, (0, _padded(size, multiple) - size), mode="reflect")
    for span in spans(size, tile, halo, multiple):
        found = content[reflected(span, size)]
        np.testing.assert_array_equal(found, whole[span.outer_start : span.outer_stop])


def test_a_single_pixel_is_repeated():
    (span,) = spans(1, 64, 5, 16)
    np.testing.assert_array_equal(reflected(span, 1), np.zeros(16, int))


def test_an_axis_shorter_than_its_padding_is_reflected_to_and_fro():
    (span,) = spans(3, 64, 5, 8)
    assert reflected(span, 3).tolist() == [0, 1, 2, 1, 0, 1, 2, 1]


@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.integers(1, 60),
    st.integers(0, 12),
    st.integers(0, 12),
    MULTIPLES,
)
@settings(max_examples=80)
def test_tiles_of_a_function_of_known_radius_equal_the_whole(height, width, tile, radius, spare, multiple):
    image = np.random.default_rng(height * 97 + width).integers(0, 1000, (height, width))
    below, right = _padded(height, multiple) - height, _padded(width, multiple) - width
    whole = _blur(np.pad(image, ((0, below), (0, right)), mode="reflect"), radius)[:height, :width]
    found = np.zeros_like(image)
    for part in tiles(height, width, (tile, tile), radius + spare, multiple):
        seen = image[np.ix_(reflected(part.rows, height), reflected(part.columns, width))]
        result = _blur(seen, radius)[part.rows.kept, part.columns.kept]
        found[part.rows.target, part.columns.target] = result
    np.testing.assert_array_equal(found, whole)


@given(st.integers(40, 90), st.integers(4, 12))
@settings(max_examples=20)
def test_a_halo_below_the_radius_shows_at_the_seams(size, radius):
    """Proves that the test above can fail."""
    image = np.random.default_rng(size).integers(1, 1000, (size, size))
    assume(size > 2 * radius + 8)
    found = np.zeros_like(image)
    for part in tiles(size, size, (16, 16), radius - 3, 1):
        seen = image[np.ix_(reflected(part.rows, size), reflected(part.columns, size))]
        found[part.rows.target, part.columns.target] = _blur(seen, radius)[part.rows.kept, part.columns.kept]
    assert (found != _blur(image, radius)).any()


@given(
    st.integers(1, 9000),
    st.integers(1, 9000),
    st.sampled_from([0, 9, 90, 251]),
    st.integers(10_000, 3_000_000),
)
def test_chosen_tiles_see_no_more_than_they_may(height, width, halo, area):
    sides = best_sides(height, width, halo, area)
    found = list(tiles(height, width, sides, halo, 1))
    assert sum(_kept(part) for part in found) == height * width
    most = max(_seen(part) for part in found)
    smallest = 1
    for size in (height, width):
        smallest *= min(size, max(2 * SMALLEST, -(-size // MOST)) + 2 * halo)
    assert most <= max(area, smallest)
    if height * width <= area:
        assert len(found) == 1


def _kept(part):
    rows, columns = part.rows, part.columns
    return (rows.stop - rows.start) * (columns.stop - columns.start)


def _seen(part):
    rows, columns = part.rows, part.columns
    return (rows.outer_stop - rows.outer_start) * (columns.outer_stop - columns.outer_start)


def test_strips_are_taken_where_they_see_less():
    assert best_sides(1630, 2450, 251, 2_200_000) == (1630, 817)

"""The checks of an operation that run it."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from vaeedit.errors import ImageError, PluginError, VaeeditError
from vaeedit.image import Frame
from vaeedit.testing.samples import FRAMES, SMALL, option_values
from vaeedit.testing.trial import Trial

ODD = "odd"
"""The kind of frame that `Trial.watched` runs on."""


def run_checks(trial: Trial) -> Iterator[tuple[str, Callable[[], None]]]:
    """All checks that run an operation; those of what one run does besides look at one run."""
    spec = trial.spec
    for kind in FRAMES:
        if kind != SMALL:
            yield f"{spec.name}-runs-{kind}", partial(check_runs, trial, kind)
    for name, check in _BESIDES.items():
        yield f"{spec.name}-{name}", partial(check, trial)
    yield f"{spec.name}-same-seed", partial(check_same_seed, trial)
    if spec.options.__struct_fields__:
        yield f"{spec.name}-options", partial(check_options, trial)
    if spec.extra_inputs:
        yield f"{spec.name}-extra-inputs", partial(check_extra_inputs, trial)
    if spec.uses_vae:
        yield f"{spec.name}-tiles", partial(check_tiles, trial)
    yield f"{spec.name}-chains", partial(check_chains, trial)


def check_runs(trial: Trial, kind: str) -> None:
    """It edits this kind of frame without changing it, and returns a film if it declares one; the core checks the rest.

    A single pixel may be refused with an ImageError, which is a sentence for the user.
    """
    frame = trial.odd if kind == ODD else trial.frame(kind)
    try:
        result = trial.watched[0] if kind == ODD else trial.run(frame, maps=True)
    except ImageError:
        if kind != "1x1":
            raise
        return
    _require_same(trial.frame(kind), frame, "the picture")
    assert result.film is not None or not trial.spec.film, (
        "it declares a film and returned none; return Result(film=...)"
    )


def check_prints(trial: Trial) -> None:
    """It writes nothing to stdout."""
    printed = trial.watched[1].printed
    assert not printed, f"it prints {printed[:80]!r}; return notes or warnings, or use logging"


def check_files(trial: Trial) -> None:
    """It writes no files into the working folder."""
    files = trial.watched[1].files
    assert not files, (
        f"it writes {', '.join(files)}; return pictures as maps, numbers as notes, or use tempfile"
    )


def check_generators(trial: Trial) -> None:
    """It neither seeds nor uses the global generators of random, NumPy and torch."""
    names = trial.watched[1].generators
    assert not names, (
        f"it seeds or uses the global generator of {', '.join(names)}; use latents.sample(seed), or a generator "
        "of its own with self.request.seed"
    )


_BESIDES = {"prints": check_prints, "files": check_files, "generators": check_generators}


def check_same_seed(trial: Trial) -> None:
    """The same input and seed result in the same pixels and maps."""
    first, second = trial.watched[0], trial.run(trial.frame(ODD), seed=5, maps=True)
    pairs = {"pixels": (first.frame, second.frame)}
    pairs |= {f"map {name}": (frame, second.maps[name]) for name, frame in first.maps.items()}
    for name, (one, other) in pairs.items():
        assert np.array_equal(one.pixels, other.pixels), (
            f"a second run with the same seed gives another {name}; draw from self.request.seed only, and keep nothing "
            "between runs"
        )


def check_options(trial: Trial) -> None:
    """It runs with each option at its bounds, at every choice, and on and off; or says in a sentence why it cannot."""
    frame = trial.small
    for name, value in option_values(trial.spec.options):
        try:
            trial.run(frame, **{name: value})
        except PluginError as error:
            cure = "Handle this value, or exclude it with the bounds of option()."
            raise AssertionError(f"with {name}={value!r}: {error} {cure}") from error
        except VaeeditError:  # a sentence for the user, on why this value is not possible here
            continue


def check_extra_inputs(trial: Trial) -> None:
    """It runs with a picture for every extra input, and changes none of them."""
    frame = trial.frame(ODD)
    inputs = trial.further(frame, all=True)
    try:
        trial.run(frame, inputs=inputs)
    except PluginError as error:
        cure = "An extra input may have any size: fit it with like(frame, other)."
        raise AssertionError(
            f"with {', '.join(inputs)} of another size than the picture: {error} {cure}"
        ) from error
    for name, fresh in trial.further(frame, all=True).items():
        _require_same(fresh[0], inputs[name][0], f"the extra input {name}")


def check_tiles(trial: Trial) -> None:
    """The result of tiles differs from that of the whole image by 1e-4 of [0, 1] at most, in float32."""
    if (long := trial.long_frame()) is None:
        return
    frame, tile = long
    whole, tiled = (trial.run(frame, tile=side).frame.pixels for side in (frame.width, tile))
    error = np.abs(whole - tiled).max()
    assert error <= 1e-4, (
        f"tiles differ from the whole by {error:.2g}; `edit` and `join` must treat each grid position alone: use `gather` "
        "for statistics, and latents.sample(seed) for noise"
    )


def check_chains(trial: Trial) -> None:
    """It runs twice in a row; steps with `latent` share an encode and a decode, and only `edit` changes the image."""
    result = trial.run(trial.small, times=2)
    chained = any("chained_with" in notes for notes in result.notes.values())
    assert chained == trial.spec.latent, (
        "steps with `latent` must share an encode; return frames of `before` as they are"
    )


def _require_same(fresh: Frame, frame: Frame, what: str) -> None:
    """Raise AssertionError for a frame that differs from one that is made in the same way."""
    for part in ("pixels", "alpha"):
        expected, values = getattr(fresh, part), getattr(frame, part)
        assert expected is None or np.array_equal(expected, values), (
            f"it changes the {part} of {what} in place; change a copy"
        )

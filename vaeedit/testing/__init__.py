"""The plugin contract as checks, for the test suite of a plugin::

    import acme_grain
    from vaeedit.testing import parametrize_with_checks

    @parametrize_with_checks(acme_grain)
    def test_contract(check):
        check()

Every check is a separate test; the plugin's specs decide which checks apply. A check that is expected to fail
is named in `expected_failures={"check id": "reason"}`; then it is an error if it passes.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np

from vaeedit.extension.registry import GROUP, Registry, discover, unfitness
from vaeedit.extension.specs import OperationSpec, WeightsSpec, load_target
from vaeedit.image import Frame, write
from vaeedit.options import as_dict
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.run.operation import Edit, Inspect, Join, Operation, Result
from vaeedit.run.session import Session
from vaeedit.testing.architectures import check_architecture
from vaeedit.testing.samples import (
    FRAMES,
    LONG,
    required_options,
    sample_frame,
    sample_options,
    synthetic_frame,
)
from vaeedit.vae.files import find_vae, load_vae
from vaeedit.vae.protocol import FixedSize

__all__ = ["checks", "parametrize_with_checks"]
HEAVY = ("torch", "kornia", "cv2", "skimage", "numpy", "PIL", "scipy")
Check = Callable[[], None]


def parametrize_with_checks(module: ModuleType, expected_failures: Mapping[str, str] | None = None) -> Any:
    """A pytest decorator for a test function with the argument `check`; raises ValueError for an unknown check."""
    import pytest

    expected = dict(expected_failures or {})
    parameters = []
    for name, check in checks(module):
        reason = expected.pop(name, None)
        marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
        parameters.append(pytest.param(check, id=name, marks=marks))
    if expected:
        raise ValueError(f"expected_failures names no check: {', '.join(expected)}")
    return pytest.mark.parametrize("check", parameters)


def checks(module: ModuleType) -> Iterator[tuple[str, Check]]:
    """All checks that apply to a plugin module, with their names."""
    registry, plugin = registry_with(module), _point(module).name
    yield "imports-light", partial(check_imports_light, module.__name__)
    yield "is-admitted", partial(check_admitted, plugin, registry)
    for item in registry.operations.qualified.values():
        if item.plugin == plugin:
            yield from _operation_checks(item.spec, item.qualified, registry)
    for vae in registry.architectures.qualified.values():
        if vae.plugin == plugin:
            yield f"{vae.spec.name}-architecture", partial(check_architecture, vae.spec)
    for weights in registry.weights.qualified.values():
        if weights.plugin == plugin:
            yield f"{weights.spec.name}-weights", partial(check_weights, weights.spec, registry)


def registry_with(module: ModuleType) -> Registry:
    """The installed plugins and this module, by the name of its entry point or, if it has none, of the module."""
    installed = [point for point in entry_points(group=GROUP) if point.value != module.__name__]
    return discover([*installed, _point(module)])


def _point(module: ModuleType) -> EntryPoint:
    for point in entry_points(group=GROUP):
        if point.value == module.__name__:
            return point
    return EntryPoint(module.__name__, module.__name__, GROUP)


def _operation_checks(spec: OperationSpec, name: str, registry: Registry) -> Iterator[tuple[str, Check]]:
    yield f"{spec.name}-target", partial(check_target, spec)
    yield f"{spec.name}-yaml", partial(check_yaml, spec, name, registry)
    if spec.uses_vae and not spec.vae:
        return
    for kind in FRAMES:
        yield f"{spec.name}-runs-{kind}", partial(check_runs, spec, name, registry, kind)
    yield f"{spec.name}-same-seed", partial(check_same_seed, name, registry)
    if spec.uses_vae:
        yield f"{spec.name}-tiles", partial(check_tiles, name, registry)
    if spec.latent:
        yield f"{spec.name}-chains", partial(check_chains, name, registry)


def check_imports_light(name: str) -> None:
    """The plugin module imports nothing heavy."""
    code = f"import sys, {name}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stdout.split(), f"importing {name} imports {done.stdout.strip()}"


def check_admitted(plugin: str, registry: Registry) -> None:
    """Discovery loads the plugin: its contract is supported, its hooks exist, and every part of its specs fits."""
    report = next(report for report in registry.reports if report.plugin == plugin)
    assert not report.is_missing, report.reason
    tables = registry.tables().values()
    own = [(t.kind, item.spec) for t in tables for item in t.qualified.values() if item.plugin == plugin]
    unfit = unfitness(own)  # at a start, plugins of vaeedit itself are not checked
    assert not unfit, ". ".join(unfit)


def check_target(spec: OperationSpec) -> None:
    """The target derives from Edit, Join or Inspect (without a VAE: from Operation) and defines its abstract methods."""
    target = load_target(spec.target)
    bases = (Edit, Join, Inspect) if spec.uses_vae else (Operation,)
    names = " or ".join(base.__name__ for base in bases)
    assert issubclass(target, bases), f"{spec.target} does not derive from {names}"
    missing = ", ".join(sorted(target.__abstractmethods__))
    assert not missing, f"{spec.target} does not define {missing}"


def check_yaml(spec: OperationSpec, name: str, registry: Registry) -> None:
    """Options are the same after writing and reading a pipeline file."""
    options = sample_options(spec.options)
    needed = dict.fromkeys(spec.needs, "other.png")
    vae = (spec.vae or "fitted.safetensors") if spec.uses_vae else None
    pipeline = Pipeline(Step(name, vae=vae, maps=spec.maps, **as_dict(options), **needed), seed=3)
    (planned,) = Pipeline.from_yaml(pipeline.to_yaml()).check(registry)
    assert planned.options == options


def check_runs(spec: OperationSpec, name: str, registry: Registry, kind: str) -> None:
    """It edits this kind of frame without changing it, and returns finite values and all maps."""
    frame = _sample(kind, name, registry)
    before = frame.pixels.copy()
    result = _run(name, registry, frame, maps=tuple(spec.maps))
    assert np.array_equal(frame.pixels, before), "the operation changed its input"
    assert result.frame.depth == frame.depth, "the depth changed"
    assert np.isfinite(result.frame.floats()).all()
    assert set(result.maps) == set(spec.maps), "the result lacks a declared map"


def check_same_seed(name: str, registry: Registry) -> None:
    """The same input and seed result in the same pixels."""
    first, second = (_run(name, registry, _sample("odd", name, registry), seed=5) for _ in range(2))
    assert np.array_equal(first.frame.pixels, second.frame.pixels)


def check_tiles(name: str, registry: Registry) -> None:
    """The result of tiles differs from that of the whole image by 1e-4 of [0, 1] at most, in float32."""
    frame = synthetic_frame(_suiting(LONG, name, registry), np.uint8)
    frame = replace(frame, pixels=frame.floats())
    whole = _run(name, registry, frame, precision="float32", tile=max(LONG)).frame.pixels
    tiled = _run(name, registry, frame, precision="float32", tile=200).frame.pixels
    assert np.abs(whole - tiled).max() <= 1e-4


def check_chains(name: str, registry: Registry) -> None:
    """Two steps of the operation share an encode and a decode, and only `edit` changes the image."""
    result = _run(name, registry, _sample("odd", name, registry), times=2)
    assert sum("chained_with" in notes for notes in result.notes.values()) == 1


def check_weights(spec: WeightsSpec, registry: Registry) -> None:
    """The file exists, has a header, and fits its architecture."""
    load_vae(find_vae(spec.name, registry), registry)


def _sample(kind: str, name: str, registry: Registry) -> Frame:
    """The sample frame of this kind that the operation takes."""
    shape, dtype, alpha = FRAMES[kind]
    return synthetic_frame(_suiting(shape, name, registry), dtype, alpha)


def _suiting(shape: tuple[int, int, int], name: str, registry: Registry) -> tuple[int, int, int]:
    """This shape or, if the operation's VAE takes images of one size only, theirs."""
    spec = registry.operations.find(name).spec
    if not spec.uses_vae:
        return shape
    network, _ = load_vae(find_vae(spec.vae, registry), registry)
    if not isinstance(network, FixedSize):
        return shape
    return *network.size, 1 if network.channels == 1 else shape[2]


def _run(
    name: str,
    registry: Registry,
    frame: Frame,
    *,
    seed: int = 0,
    maps: tuple[str, ...] = (),
    times: int = 1,
    **settings: Any,
) -> Result:
    spec = registry.operations.find(name).spec
    with Session(plugins=registry, device="cpu", **settings) as session, TemporaryDirectory() as folder:
        path = str(Path(folder, "other.png"))
        write(sample_frame("odd"), path)
        needed = dict.fromkeys(spec.needs, path)
        step = Step(name, maps=maps, **required_options(spec.options), **needed)
        return session.run(Pipeline(*[step] * times, seed=seed), frame)

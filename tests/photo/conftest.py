"""Photographs, and a session that knows toy VAEs."""

from importlib.metadata import EntryPoint, entry_points

import numpy as np
import pytest
import toy_vaes
from skimage import data

import vaeedit
from vaeedit.api import Frame
from vaeedit.extension.registry import discover
from vaeedit.vae.files import VaeInfo, save_vae


@pytest.fixture(scope="session")
def toys(tmp_path_factory):
    """Files of VAEs by name: gaussian and points."""
    folder, made = tmp_path_factory.mktemp("vaes"), {}
    for name, cls in (("gaussian", toy_vaes.Plain), ("points", toy_vaes.Points)):
        save_vae(folder / f"{name}.safetensors", cls(None), VaeInfo(name=name, architecture=name, config={}))
        made[name] = str(folder / f"{name}.safetensors")
    return made


@pytest.fixture(scope="session")
def session():
    """In float32, so that figures can be compared."""
    plugins = discover([*entry_points(group="vaeedit"), EntryPoint("toys", "toy_vaes", "vaeedit")])
    with vaeedit.Session(plugins=plugins, device="cpu", precision="float32") as made:
        yield made


@pytest.fixture(scope="session")
def run(session):
    """One operation on a frame."""

    def go(name, frame, *, seed=0, tile=None, vae=None, **options):
        step = vaeedit.Step(name, vae=vae, **options)
        return session.run(vaeedit.Pipeline(step, seed=seed), frame, tile=tile)

    return go


@pytest.fixture(scope="session")
def cat():
    """A crop of a photograph."""
    return Frame(np.ascontiguousarray(data.chelsea()[60:172, 100:244]))


@pytest.fixture(scope="session")
def woman():
    """A crop of another one, of the same size."""
    return Frame(np.ascontiguousarray(data.astronaut()[60:172, 150:294]))

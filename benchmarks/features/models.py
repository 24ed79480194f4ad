"""Rows: memory and devices, pipelines, plugins, and the files of models."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
from hub import Hub
from PIL import Image
from world import PIXELS, World, feature, require

ROOT = Path(__file__).parents[2]
GRAIN = ROOT / "tests" / "contract" / "v1" / "acme_grain"
"""A plugin of somebody else."""
LIMITS = (1_600, 2_000, 2_400, 2_800, 3_200)
"""Megabytes of address space: somewhere between, the libraries fit and the whole picture does not."""


@feature
def memory(world: World) -> None:
    """automatic fall-back when memory runs out
    a picture of 6 MP that does not fit in one piece is edited in tiles, and the record says so"""
    world.picture("large.png", Image.fromarray(np.tile(PIXELS, (32, 32, 1))))
    for limit in LIMITS:
        edit = "vaeedit denoise large.png -o clean.png --tile 4096 --threads 1 --exists overwrite --json"
        command = f"ulimit -v {limit * 1000}; {edit} || true"
        done = world(command, shown=False)
        record = json.loads(done.stdout) if done.stdout.startswith("{") else {}
        if record.get("rungs") and record["status"] == "done":
            world.commands.append(command.removesuffix(" || true"))
            return
    world(edit)
    require(False, f"no limit of {LIMITS} MB made it use tiles")


@feature
def device(world: World) -> None:
    """device choice: cpu, cuda, mps
    --device cpu is used; a device that is missing is an error"""
    import torch

    done = world("vaeedit denoise photo.png -o clean.png --device cpu --json")
    require(json.loads(done.stdout)["device"] == "cpu", "another device")
    world("vaeedit denoise photo.png -o gpu.png --device cuda", code=0 if torch.cuda.is_available() else 2)


@feature
def seed(world: World) -> None:
    """seed, deterministic
    one seed gives the same bytes twice, another seed others"""
    for name, number in (("a", 3), ("b", 3), ("c", 4)):
        world(f"vaeedit vary photo.png -o {name}.png --seed {number}")
    a, b, c = (np.asarray(world.opened(f"{name}.png")) for name in "abc")
    require((a == b).all() and (a != c).any(), "not by the seed")


@feature
def config(world: World) -> None:
    """config file
    a YAML file of two steps, one option of which is replaced"""
    world.path("steps.yaml").write_text(
        "version: 1\nsteps:\n  - denoise: {strength: 0.5}\n  - super-resolve\n"
    )
    world("vaeedit run steps.yaml photo.png -o large.png --set denoise.strength=0.8")
    require(world.opened("large.png").width == 2 * PIXELS.shape[1], "not enlarged")


@feature
def chain(world: World) -> None:
    """chain several operations in one run
    in one line"""
    world("vaeedit chain 'denoise --strength .7 | super-resolve --scale 2' photo.png -o large.png")
    require(world.opened("large.png").width == 2 * PIXELS.shape[1], "not enlarged")


def install(world: World) -> None:
    """The plugin of somebody else, as pip would install it."""
    shutil.copytree(GRAIN, world.path("site/acme_grain"))
    facts = world.path("site/acme_grain-1.0.dist-info")
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-grain\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[vaeedit]\nacme-grain = acme_grain\n")
    world.environment["PYTHONPATH"] = f"{world.path('site')}:{world.environment.get('PYTHONPATH', '')}"


@feature
def third_party(world: World) -> None:
    """third-party plugins
    the operation of a package from elsewhere edits a picture"""
    install(world)
    world("vaeedit acme-grain photo.png --vae denoise --amount 0.5 -o grainy.png")
    require(world.opened("grainy.png").size == world.opened("photo.png").size, "another size")


@feature
def plugin_list(world: World) -> None:
    """plugin list, install, version check
    pip installs; a plugin for a newer contract is listed with the reason why it is not loaded"""
    install(world)
    code = world.path("site/acme_grain/__init__.py")
    code.write_text(
        re.sub(r"^assert CONTRACT >= 1$", "assert CONTRACT >= 2", code.read_text(), flags=re.MULTILINE)
    )
    rows = [json.loads(line) for line in world("vaeedit plugins --json").stdout.splitlines()]
    (row,) = [row for row in rows if row["plugin"] == "acme-grain"]
    require(row["state"] != "loaded" and row["reason"], str(row))


@feature
def download(world: World) -> None:
    """model download and cache
    a VAE of a hub (a local one here) is fetched once; the second time, the hub is not asked"""
    with Hub(world) as hub:
        world("vaeedit reconstruct photo.png --vae hub:someone/painter -o one.png")
        require(hub.asked, "the hub was not asked")
    world("vaeedit reconstruct photo.png --vae hub:someone/painter -o two.png")
    require(
        (np.asarray(world.opened("one.png")) == np.asarray(world.opened("two.png"))).all(), "another result"
    )


@feature
def checksum(world: World) -> None:
    """checksum
    one changed bit in a model file is noticed, and nothing is edited"""
    world("vaeedit models verify denoise")
    data = bytearray(weights("denoise").read_bytes())
    data[len(data) // 2] ^= 1
    world.path("damaged.safetensors").write_bytes(data)
    world("vaeedit denoise photo.png --vae damaged.safetensors -o clean.png", code=1)
    require(not world.path("clean.png").exists(), "it was edited")


def weights(name: str) -> Path:
    from vaeedit.extension.registry import registry
    from vaeedit.vae.files import find_vae

    return find_vae(name, registry())


@feature
def safe_load(world: World) -> None:
    """safe load
    the code in a pickle is not run"""
    world.path("evil.py").write_text(
        "import os, pickle\nclass Evil:\n    def __reduce__(self):\n        return os.mkdir, ('owned',)\n"
        "pickle.dump(Evil(), open('evil.pth', 'wb'))\n"
    )
    world("python evil.py", shown=False)
    world("vaeedit models convert evil.pth -o mine.safetensors", code=1)
    require(not world.path("owned").exists(), "it ran")


@feature
def offline(world: World) -> None:
    """offline mode
    without any network, not even loopback"""
    world("unshare -rn vaeedit denoise photo.png -o clean.png")
    require(world.path("clean.png").exists(), "it was not edited")


@feature
def preprocessing(world: World) -> None:
    """pre-processing stored with the model
    a copy of the model file alone gives the same picture"""
    shutil.copy(weights("denoise"), world.path("mine.safetensors"))
    world("vaeedit models info mine.safetensors")
    world("vaeedit denoise photo.png --vae mine.safetensors -o a.png && vaeedit denoise photo.png -o b.png")
    require((np.asarray(world.opened("a.png")) == np.asarray(world.opened("b.png"))).all(), "another result")


@feature
def preview(world: World) -> None:
    """before/after preview
    a picture of both, and a page with a divider"""
    world("vaeedit denoise photo.png -o clean.png --compare both.png")
    world("vaeedit compare photo.png clean.png --html both.html")
    require(world.opened("both.png").width >= 2 * PIXELS.shape[1], "not both")
    require(world.path("both.html").read_text().count("data:image/png") == 2, "not both")


@feature
def without_torchvision(world: World) -> None:
    """works without torchvision
    where importing it fails"""
    world.path("site").mkdir()
    world.path("site/torchvision.py").write_text("raise ImportError('not here')\n")
    world("PYTHONPATH=site:$PYTHONPATH vaeedit denoise photo.png -o clean.png")
    require(world.path("clean.png").exists(), "it was not edited")

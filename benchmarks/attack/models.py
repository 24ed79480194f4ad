"""Hostile and damaged models: headers, pickles, weights and single bits.

Of ten trials two change a header (its JSON, with and without a checksum, or the bytes of the file's head), two a `.pth` (its
bytes, its pickle, what is in it), four a byte of weights, one any bit of a fitted anomaly model, and one any bit of such a
model as older versions wrote it, without checksums. It is a failure if anything is raised but vaeedit's own errors; if a
file with checksums loads as something else than what was written; if a model gives a score that is not finite; if a trial
hangs or takes a gigabyte.
"""

import io
import json
import math
import os
import random
import struct
import tempfile
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from harness import main
from safetensors.torch import load, save
from yaml_files import otherwise

from vaeedit import Frame, Session, Step
from vaeedit.errors import VaeeditError
from vaeedit.extension.registry import registry
from vaeedit.options import as_dict
from vaeedit.vae.build import build
from vaeedit.vae.card import card
from vaeedit.vae.convert import convert
from vaeedit.vae.files import VaeInfo, load_vae, read_info, save_vae
from vaeedit.vae.footprint import expected_bytes
from vaeedit_anomaly.calibration import Calibration, Tail, Usual
from vaeedit_anomaly.places import CELLS, Places
from vaeedit_anomaly.scales import Scales
from vaeedit_anomaly.sizes import Preparation
from vaeedit_restore.configs import RestorerConfig
from vaeedit_third_party import TinyConfig
from vaeedit_third_party.tiny import TinyAutoencoder

FOLDER = Path(tempfile.mkdtemp(prefix="vaeedit-attack-"))
PICTURE = Frame(np.random.default_rng(0).integers(0, 255, (40, 48, 1), np.uint8))
SMALL = {
    "widths": [4, 4],
    "blocks": [1, 1],
    "latents": [1, 1],
    "ladder_widths": [4, 4],
    "encoder_widths": [4, 4],
}
SEVERAL = [
    10**7, 10**9, -1, 0, 2**63, [8] * 5000, [], [4096] * 8, {}, None, "x", 1e308, -5, [[8]], [10**7, 1], True, 1e-320,
]  # fmt: skip
CONFIGS = [
    {"kind": "AutoencoderKL", "config": {"layers_per_block": 10**7, "norm_num_groups": 1}},
    {"kind": "AutoencoderKL", "config": {"block_out_channels": [4] * 5000, "norm_num_groups": 1}},
    {"kind": "AutoencoderTiny", "config": {"num_encoder_blocks": [10**6] * 4}},
    {"kind": "AutoencoderTiny", "config": {"act_fn": [[]], "scaling_factor": "x"}},
    {"kind": "AutoencoderDC", "config": {"latent_channels": 10**9}},
]


def anomaly() -> VaeInfo:
    """A model as `anomaly fit` would write it, but for its training."""
    rng = np.random.default_rng(0)
    tail = Tail.of(rng.random(100))
    usual = Usual(Places.of(rng.random((6, CELLS, CELLS)).astype(np.float32)), tail)
    calibration = Calibration(
        preparation=Preparation(1, 1.0),
        areas=(1000, 4000),
        maps={"structure": usual, "defect": usual, "gradient": usual},
        scales=Scales.of([rng.random((40, 48)).astype(np.float32)]),
        scores=tail,
        held_out=6,
    )
    found = msgspec.to_builtins(calibration)
    return VaeInfo(
        name="a", architecture="normal-restorer", config={**SMALL, "channels": 1}, calibration=found
    )


def written(info: VaeInfo) -> bytes:
    """The bytes of a VAE file with random weights."""
    path = FOLDER / f"{info.architecture}.safetensors"
    network = build(info.architecture, info.config, registry())
    assert isinstance(network, torch.nn.Module)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    save_vae(path, network, info)
    return path.read_bytes()


torch.manual_seed(0)
INFO = VaeInfo(
    name="r",
    architecture="ladder-restorer",
    config=as_dict(RestorerConfig(**SMALL)),
    figures={"a": {"b": 1, "bytes_per_pixel": 3.5, "protocol": "x"}},
)
RESTORER, ANOMALY = written(INFO), written(anomaly())
DOCUMENT = json.loads(msgspec.json.encode(msgspec.structs.replace(INFO, format=1)))
PICKLE = {
    f"{part}.{name}": tensor
    for part in ("encoder", "decoder")
    for name, tensor in getattr(TinyAutoencoder(TinyConfig(width=4)), part).state_dict().items()
}


def head(data: bytes) -> int:
    """Where the tensors begin."""
    return 8 + int(struct.unpack("<Q", data[:8])[0])


def unsealed(data: bytes, document: Any) -> bytes:
    """The same tensors behind another document, without checksums."""
    return save(
        load(data), metadata={"vaeedit": document if isinstance(document, str) else json.dumps(document)}
    )


def flipped(data: bytes, rng: random.Random, start: int, end: int) -> bytes:
    """One bit of a part changed."""
    changed = bytearray(data)
    changed[rng.randrange(start, end)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def damaged(data: bytes, rng: random.Random, end: int) -> bytes:
    """Some bytes before `end` changed, put in or cut out, or the file cut short."""
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 3, 10])):
        at, kind = rng.randrange(max(1, min(end, len(changed)))), rng.randrange(5)
        if kind < 2:
            changed[at : at + 1] = bytes([rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])])
        elif kind == 2:
            changed[at:at] = bytes(rng.randrange(256) for _ in range(rng.choice([1, 4, 40])))
        elif kind == 3:
            del changed[at : at + rng.choice([1, 4, 40])]
        elif rng.random() < 0.3:
            del changed[at:]
            changed += b"\0"
    return bytes(changed)


def header(rng: random.Random) -> tuple[bytes, bytes | None]:
    """A file with a changed header, and what it must load as, if it loads and is sealed."""
    kind = rng.randrange(4)
    if kind == 0:
        return damaged(RESTORER, rng, head(RESTORER)), RESTORER
    if kind == 1:
        return unsealed(
            RESTORER, {**DOCUMENT, "architecture": "diffusers", "config": rng.choice(CONFIGS)}
        ), None
    document: Any = DOCUMENT
    for _ in range(rng.choice([1, 1, 3])):
        document = otherwise(document, rng)
    if kind == 2 and isinstance(document, dict):
        config = {**DOCUMENT["config"], rng.choice(list(DOCUMENT["config"])): rng.choice(SEVERAL)}
        document = {
            **document,
            "config": config,
            rng.choice(["temperature", "format", "summary", "recipe"]): rng.choice(SEVERAL),
        }
    text = json.dumps(document)
    return unsealed(RESTORER, text.replace("[", "[" * rng.choice([1, 1, 1, 5000]), 1)), None


def hostile() -> list[Any]:
    """What is no weight, or not as large as it says."""
    return [
        torch.zeros(1).expand(10**8, 3, 3, 3),
        torch.empty(10**9, device="meta"),
        torch.sparse_coo_tensor(size=(10**9, 10**9), check_invariants=False),
        torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8),
        torch.zeros(3, dtype=torch.complex64),
        torch.zeros(3, dtype=torch.bool),
        torch.zeros(4, 3, 3, 3).double(),
        torch.full((4, 3, 3, 3), 1e30),
        torch.tensor(math.nan),
        torch.zeros(0),
        torch.zeros(()),
        torch.nn.Parameter(torch.ones(3)),
        torch.Size([1]),
        *({"a": 1}, None, 7, "x"),
    ]


def pickled(rng: random.Random) -> bytes:
    """A `.pth` that was changed."""
    found: Any = dict(PICKLE)
    if rng.random() < 0.3:
        found[rng.choice(list(found))] = rng.choice(hostile())
    if rng.random() < 0.1:
        found = rng.choice(
            [list(found.values()), {3: torch.zeros(3)}, {"state_dict": found}, {"state_dict": {}}, None]
        )
    file = io.BytesIO()
    torch.save(found, file, _use_new_zipfile_serialization=rng.random() < 0.7)
    data = file.getvalue()
    if rng.random() < 0.5 or not zipfile.is_zipfile(file):
        return damaged(data, rng, rng.choice([len(data), 4000]))
    return repacked(data, rng)


def repacked(data: bytes, rng: random.Random) -> bytes:
    """The same archive with a changed pickle, or compressed."""
    file = io.BytesIO()
    kind = rng.choice([zipfile.ZIP_STORED] * 5 + [zipfile.ZIP_DEFLATED])
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", kind) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("data.pkl") and rng.random() < 0.9:
                content = damaged(content, rng, len(content))
            if rng.random() > 0.02:
                new.writestr(name, content)
    return file.getvalue()


def loaded_as(path: Path, original: bytes) -> None:
    """Whether a file loads as the original did."""
    network, info = load_vae(path, registry())
    path.write_bytes(original)
    other, same = load_vae(path, registry())
    assert isinstance(network, torch.nn.Module)
    assert isinstance(other, torch.nn.Module)
    mine, its = network.state_dict(), other.state_dict()
    if info != same or list(mine) != list(its) or not all(torch.equal(mine[name], its[name]) for name in its):
        raise ValueError("a damaged file was loaded")


def used(path: Path, operation: str) -> None:
    """Describe a model, expect its memory, and run an operation through it; scores must be finite."""
    card(read_info(path))
    expected_bytes([path])
    with Session(device="cpu", precision="float32") as session:
        notes = session.run(Step(operation, vae=str(path)), PICTURE).notes
    for name, value in notes.get(operation, {}).items():
        if operation == "anomaly" and isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{name} is {value}")


def attempt(path: Path, rng: random.Random) -> str:
    """One kind of attack; what it did not refuse."""
    kind = rng.randrange(10)
    if kind < 2:
        data, original = header(rng)
        path.write_bytes(data)
        if original is None:
            used(path, "reconstruct")
            return "header used"
        loaded_as(path, original)
        return "header unharmed"
    if kind < 4:
        pickle = path.with_suffix(".pth")
        pickle.write_bytes(pickled(rng))
        path.unlink(missing_ok=True)
        convert(pickle, path, registry())
        used(path, "reconstruct")
        return "pickle converted"
    if kind < 8:
        changed = bytearray(RESTORER)
        changed[rng.randrange(head(RESTORER), len(changed))] ^= rng.randrange(1, 256)
        path.write_bytes(changed)
        loaded_as(path, RESTORER)
        return "weights unharmed"
    plain = unsealed(ANOMALY, OLD) if kind == 9 else ANOMALY
    path.write_bytes(flipped(plain, rng, 0, len(plain)))
    if kind == 8:
        loaded_as(path, ANOMALY)
        return "bit unharmed"
    used(path, "anomaly")
    return "old bit scored"


OLD = json.dumps(json.loads(msgspec.json.encode(msgspec.structs.replace(anomaly(), format=1))))


def trial(rng: random.Random) -> str:
    """One changed model: "refused", or what it could still be used for."""
    warnings.simplefilter("ignore")
    try:
        return attempt(FOLDER / f"{os.getpid()}.safetensors", rng)
    except VaeeditError as error:
        if len(str(error)) > 2_000:
            raise ValueError(f"a sentence of {len(str(error))} characters") from None
        return "refused"


if __name__ == "__main__":
    torch.set_num_threads(1)
    (FOLDER / "a.safetensors").write_bytes(ANOMALY)
    used(FOLDER / "a.safetensors", "anomaly")  # must be in order; and it imports what a first trial would
    with suppress(ImportError):
        from diffusers import AutoencoderDC, AutoencoderKL, AutoencoderTiny  # noqa: F401
    main("models", trial, trials=5_000)

"""Hostile pipelines, recipes, conditions and pipelines of one line.

Each trial damages a text that is in order, as a document (values of other kinds, deep, many, aliased, with other tags) or as
bytes, and reads and checks it. It is a failure if anything is raised but vaeedit's own errors, if a sentence of an error is
longer than 100,000 characters, or if reading hangs or takes a gigabyte.
"""

import os
import random
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from harness import main

from vaeedit.errors import VaeeditError
from vaeedit.extension.registry import registry
from vaeedit.pipeline.condition import When
from vaeedit.pipeline.one_line import parse_line
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.training.recipe import describe_recipe, load_recipe

PIPELINE = """\
version: 1
seed: 7
steps:
  - denoise: {strength: 0.6, sigma: auto, maps: [uncertainty]}
  - reconstruct: {name: look}
  - style: {style: [other.png], weights: [1]}
  - vary: {when: look.psnr > 30.5, amount: 0.5, vae: photo}
  - super-resolve:
      scale: 2
  - anomaly: {vae: mine.safetensors, false-alarms: 0.01}
"""
LINE = (
    "denoise --strength .6 --sigma=auto | reconstruct --name look | vary --when 'look.psnr > 30' --vae photo"
)
CONDITIONS = ["anomaly.p_value < 0.01", "not anomaly.anomalous", "a-b:c.score <= -1.5e-3"]
RECIPE = describe_recipe(load_recipe("photo", registry()))
WORDS = [
    *(
        "~",
        "yes",
        "0b_",
        "0x" + "f" * 50,
        "9" * 5000,
        "1:59:59",
        "2024-99-99",
        "2024-01-01T25:61:61Z",
        ".nan",
        "-.inf",
    ),
    *(
        "1.0e+999",
        "*a",
        "*b",
        "&a [*a]",
        "&a x",
        "<<: *a",
        "!!binary aGk=",
        "!!python/object:os.system {}",
        "!!set {a}",
    ),
    *(
        "!!omap [a: 1]",
        "!!timestamp x",
        "!!int " + "9:" * 500 + "9",
        "!!float x",
        "!<tag:x> y",
        "? [a]\n: b",
        "\t",
        "|\n  x",
    ),
    *(
        "---",
        "...",
        "%YAML 9.9\n---",
        "# x",
        "\x00",
        "\x85",
        "\u2028",
        "\ufeff",
        "{",
        "}",
        "[",
        "]",
        "'",
        '"\\ud800"',
        '"\\x"',
    ),
    *(
        "[" * 20_000,
        "{a: " * 5_000,
        "- " * 10_000,
        "? " * 5_000,
        "x" * 50_000,
        "[" + "1," * 20_000 + "]",
        "\n" * 50_000,
    ),
    "[&a [x,x,x,x,x,x,x,x], &b [*a,*a,*a,*a,*a,*a,*a,*a], &c [*b,*b,*b,*b,*b,*b,*b,*b], &d [*c,*c,*c,*c,*c,*c,*c,*c]]",
]
FOLDER = Path(tempfile.mkdtemp(prefix="vaeedit-attack-"))


def values(rng: random.Random, depth: int = 0) -> Any:
    """A value of any kind that YAML knows and no option expects."""
    plain = [
        None,
        True,
        -1,
        0,
        10**30,
        -(10**18),
        1e308,
        5e-324,
        "",
        "x" * 9_999,
        "\x1b[2J",
        "a\0b",
        "{stem}",
        "{",
        "/dev/zero",
    ]
    plain += [
        "auto",
        "nan",
        "1e999",
        "look.psnr > 1",
        "look.psnr > " + "9" * 150,
        "hub",
        "../" * 50,
        "denoise",
        "é" * 300,
    ]
    if depth > 3 or rng.random() < 0.7:
        return rng.choice(plain)
    count = rng.choice([0, 1, 2, 20])
    if rng.random() < 0.5:
        return [values(rng, depth + 1) for _ in range(count)]
    return {str(values(rng, 9)): values(rng, depth + 1) for _ in range(count)}


def otherwise(document: Any, rng: random.Random) -> Any:
    """The document with one value, key or item replaced, repeated or left out."""
    if isinstance(document, dict) and document and rng.random() < 0.85:
        key = rng.choice(list(document))
        changed = {**document, key: otherwise(document[key], rng)}
        if rng.random() < 0.15:
            changed[str(values(rng, 9))] = changed.pop(key)
        return changed
    if isinstance(document, list) and document and rng.random() < 0.85:
        at = rng.randrange(len(document))
        changed_list = [*document[:at], otherwise(document[at], rng), *document[at + 1 :]]
        return changed_list * rng.choice([1, 1, 1, 1, 2, 60]) if rng.random() < 0.2 else changed_list
    return values(rng)


def damaged(text: str, rng: random.Random) -> bytes:
    """The text with words put in, bytes changed, or parts cut out, doubled and moved."""
    data = bytearray(text.encode())
    for _ in range(rng.choice([1, 1, 2, 4])):
        at, other = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        kind = rng.randrange(5)
        if kind == 0:
            data[at:at] = rng.choice(WORDS).encode("utf-8", "surrogatepass")
        elif kind == 1:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 2:
            del data[at:other]
        elif kind == 3:
            data[at:at] = data[at:other] * rng.choice([1, 2, 50])
        else:
            data[at : other or 1] = rng.choice(WORDS).encode("utf-8", "surrogatepass")
        data = data[: 2 << 20]
    return bytes(data)


def hostile(text: str, rng: random.Random) -> bytes:
    """A damaged YAML text."""
    if rng.random() < 0.5:
        return damaged(text, rng)
    document = msgspec.yaml.decode(text)
    for _ in range(rng.choice([1, 1, 3])):
        document = otherwise(document, rng)
    return msgspec.yaml.encode(document)


def pipeline(path: Path) -> None:
    """Read, check, and write again what is in order."""
    found = Pipeline.from_file(path)
    assert Pipeline.from_yaml(found.to_yaml()) == found
    found.check(registry())


def condition(text: str) -> None:
    """Parse it alone, and in a pipeline."""
    Pipeline(Step("denoise"), Step("denoise", name="b", when=text)).check(registry())
    When.parse(text).holds(
        {"anomaly": {"p_value": 0.5, "anomalous": True}, "a-b:c": {"score": 1}, "denoise": {}}
    )


def asked(rng: random.Random) -> Callable[[], Any]:
    """What to do with a damaged text."""
    kind = rng.randrange(10)
    path = FOLDER / f"{os.getpid()}.yaml"
    if kind < 5:
        path.write_bytes(hostile(PIPELINE, rng))
        return partial(pipeline, path)
    if kind < 8:
        path.write_bytes(hostile(RECIPE, rng))
        return partial(load_recipe, str(path), registry())
    if kind == 8:
        text = damaged(LINE, rng).decode("utf-8", "surrogateescape")
        return lambda: parse_line(text).check(registry())
    text = damaged(rng.choice(CONDITIONS), rng).decode("utf-8", "surrogateescape")
    return partial(condition, text)


def trial(rng: random.Random) -> str:
    """One damaged text: "accepted" or "refused"."""
    ask = asked(rng)
    try:
        ask()
    except VaeeditError as error:
        if len(str(error)) > 100_000:
            raise ValueError(f"a sentence of {len(str(error))} characters") from None
        return "refused"
    return "accepted"


if __name__ == "__main__":
    Pipeline.from_yaml(PIPELINE).check(
        registry()
    )  # which must be in order; and it imports what a first trial would
    main("yaml_files", trial, trials=10_000)

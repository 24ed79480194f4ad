"""Names of files are shown as one harmless line, and ordinary ones as they are."""

import json
import unicodedata

import pytest

from vaeedit.plain import cell, plain, plain_json

ORDINARY = [
    "a.png",
    "Ferien 2024/фото 1.jpg",
    "日本\u3000x.png",
    "Shot at 3.12\u202fPM.png",
    "👩‍👩‍👧.png",
    "می‌خواهم.png",
    "a\\b 100%.png",
]


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_names_stay(name):
    assert plain(name) == name
    assert cell(name) == name
    assert plain_json(json.dumps(name, ensure_ascii=False)) == json.dumps(name, ensure_ascii=False)


def test_nothing_else_is_left_that_moves_or_reorders():
    everything = "".join(map(chr, range(0x110000)))
    shown = plain(everything)
    assert len(shown.splitlines()) == 1
    shown.encode()
    for character in shown:
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(character) not in (
            *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"),
        )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nError: b", "a\\nError: b"),
        ("\x1b[2Jx", "\\x1b[2Jx"),
        ("gnp.\u202ea", "gnp.\\u202ea"),
        ("a\u2028b\x85c", "a\\u2028b\\x85c"),
        (b"caf\xe9.png".decode("utf-8", "surrogateescape"), "caf\\xe9.png"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_is_not_harmless_is_escaped(name, shown):
    assert plain(name) == shown


def test_json_keeps_every_character():
    everything = {"name": "".join(map(chr, range(0x3000))) + "\udcff\U0001f600"}
    line = plain_json(json.dumps(everything, ensure_ascii=False))
    assert json.loads(line) == everything
    assert plain(line) == line


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_is_never_a_formula(start):
    assert cell(f"{start}1+1") == plain(f"'{start}1+1")


@pytest.mark.parametrize("value", [-1.5, 3, True, None])
def test_numbers_stay_numbers(value):
    assert cell(value) is value

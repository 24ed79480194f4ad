"""Attacks with names of files: escape sequences, line breaks, bytes that are not UTF-8, directions of writing, formulas.

Each trial makes a folder of six pictures with hostile names, some of them damaged, and gives it to the command line: a batch
with a journal and a report, the same resumed, with JSON lines, `info`, what click says of wrong words, the table and the page
of anomaly scoring. It is a failure if a line is printed that none of the files has, if a line holds anything that moves or
reorders, if JSON names another file, if a cell of the table is a formula, if the page holds a tag of a name's, or if a good
picture is not done.
"""

import csv
import io
import json
import os
import random
import shutil
import tempfile
import unicodedata
from contextlib import redirect_stderr, redirect_stdout
from html.parser import HTMLParser
from pathlib import Path

from harness import main
from PIL import Image

import vaeedit.run.session  # before processes are forked
from vaeedit.cli.main import call
from vaeedit_anomaly.report import write_report
from vaeedit_anomaly.scoring import Scored
from vaeedit_anomaly.sinks import write_table

assert vaeedit.run.session
NAMES = 6
ESCAPES = (
    b"\x1b[2J",
    b"\x1b]0;t\x07",
    b"\x1b[1A\x1b[2K",
    b"\x9b2J",
    b"\x7f",
    b"\t",
    b"\r",
    b"\n",
    b"\x0b\x0c",
)
FORGED = (
    b"\nError: forged",
    b"\nx.png -> y.png  (0.1 s)",
    b"\n6 of 6 done.",
    b'\n{"input":"x"}',
    b"\rWarning: x",
)
RAW = (b"\xff", b"caf\xe9", b"\xed\xa0\x80", b"\xc3")
WRITING = tuple(
    t.encode()
    for t in ("\u202e", "\u2066\u2069", "\u2028\u2029\x85", "\ufeff", "日本", "👩\u200d👧", "e\u0301")
)
FORMULAS = (b"=1+1", b"+1", b"-o", b"--help", b"@list", b"=cmd|'/c calc'!A1")
QUOTES = (
    b"'",
    b'"',
    b"`id`",
    b"$(id)",
    b"%s%n",
    b"%00",
    b"&lt;",
    b"<script>alert(1)<",
    b"'onerror='x",
    b"\\",
    b"C:\\x",
)
TEMPLATES = (
    b"{stem}",
    b"{stem.__class__}",
    b"{0}",
    b"{",
    b"}",
    b"[red]",
    b"*?[a]",
    b"~",
    b"#",
    b";",
    b"|",
    b",",
)
PLAIN = (b" ", b".", b"..", b"a", b"b.png.png", b"n" * 250)
PIECES = (*ESCAPES, *FORGED, *RAW, *WRITING, *FORMULAS, *QUOTES, *TEMPLATES, *PLAIN)
SUFFIXES = (b".png", b".jpg", b".PNG", b".tif", b".webp")
TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "p",
        "div",
        "figure",
        "figcaption",
        "svg",
        "rect",
        "line",
    ),
    *("text", "polyline", "ul", "li", "strong", "br", "img", "table", "tr", "th", "td"),
}


def trial(r: random.Random) -> str:
    folder = Path(tempfile.mkdtemp(prefix="names-"))
    try:
        os.chdir(folder)
        inside = os.fsdecode(name(r, b"")[:100])
        good, bad = pictures(r, folder / "in" / inside)
        batch(good, bad)
        single(r, good, bad)
        tables(r, [*good, *bad])
        return f"held with {len(bad)} damaged"
    finally:
        os.chdir("/")
        shutil.rmtree(folder)


def name(r: random.Random, suffix: bytes) -> bytes:
    """A name that a file system takes, and no hidden one."""
    text = (
        b"".join(r.choice(PIECES) for _ in range(r.choice([1, 1, 2, 3, 6])))
        .replace(b"/", b"")
        .replace(b"\0", b"")
    )
    return (text.lstrip(b".") or b"x")[: 255 - len(suffix)] + suffix


def pictures(r: random.Random, folder: Path) -> tuple[list[str], list[str]]:
    """Files with hostile names, as the command line names them; the damaged ones apart."""
    folder.mkdir(parents=True)
    found: tuple[list[str], list[str]] = ([], [])
    for _ in range(NAMES):
        path = folder / os.fsdecode(name(r, r.choice(SUFFIXES)))
        if path.exists():
            continue
        damaged = r.random() < 0.3
        if damaged:
            path.write_bytes(r.choice([b"", b"no picture", b"\x89PNG\r\n\x1a\n"]))
        else:
            kind = {"jpg": "JPEG", "tif": "TIFF"}.get(path.suffix[1:].lower(), path.suffix[1:].upper())
            Image.new("RGB", (9, 7), (10, 20, 30)).save(path, kind)
        found[damaged].append(str(path.relative_to(Path.cwd())))
    return found


def run(*arguments: str) -> tuple[int, list[str], list[str]]:
    """Exit code and lines; the streams are UTF-8 and take nothing else."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2)]
    with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
        code = call(list(arguments))
    texts = []
    for stream in streams:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    for text in texts:
        harmless(text.replace("\n", ""))
        if "something unexpected" in text:
            raise AssertionError(text[:300])
    return code, texts[0].split("\n")[:-1], texts[1].split("\n")[:-1]


def harmless(text: str) -> None:
    for letter in text:
        if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or letter in "\u202e\u2066\u2069":
            raise AssertionError(f"printed {letter!r}")


def expect(truth: object, *values: object) -> None:
    if not truth:
        raise AssertionError(f"{values!r:.300}")


def batch(good: list[str], bad: list[str]) -> None:
    """Done once in words, once resumed, once in JSON."""
    flags = ("denoise", "-r", "in", "-o", "out", "--strength", "0")
    code, out, err = run(*flags, "--report", "report.json")
    expect(code == (1 if bad else 0), code, err)
    expect(len(out) == len(good) and all(line.endswith(" s)") and " -> out/" in line for line in out), out)
    errors = [line for line in err if line.startswith("Error: ")]
    expect(len(errors) == len(bad), errors)
    expect(len(err) == len(bad) + (len(good) + len(bad) > 1), err)
    report = json.loads(Path("report.json").read_bytes())
    expect((report["done"], report["failed"]) == (len(good), len(bad)), report)
    records = [json.loads(line) for line in Path("out/vaeedit-journal.jsonl").read_bytes().splitlines()]
    expect(sum("status" in record for record in records) == len(good) + len(bad), records)
    for path in good:
        expect((Path("out") / Path(path).relative_to("in")).exists(), path)
    code, out, _ = run(*flags, "--resume")
    expect(code == (1 if bad else 0) and not out, out)
    code, out, _ = run(*flags, "--exists", "overwrite", "--json")
    expect(code == (1 if bad else 0), code)
    expect({json.loads(line)["input"] for line in out} == {*good, *bad}, out)


def single(r: random.Random, good: list[str], bad: list[str]) -> None:
    """Each file by its name alone, and names where none belongs."""
    for path in [*good, *bad]:
        code, out, err = run("info", path)
        expect(code == (path in bad) and len(out) == (0 if code else 8) and len(err) == code, out, err)
        code, out, _ = run("info", "--json", "--", path)
        expect(
            code == (path in bad) and [json.loads(line)["file"] for line in out] == [path] * (not code), out
        )
    word = os.fsdecode(name(r, b""))
    for wrong in (
        (word,),
        ("denoise", "--exists", word, "x"),
        ("denoise", word),
        ("run", word, "x"),
        ("ops", f"--{word}"),
    ):
        code, _, err = run(*wrong)
        starts = ("Usage: ", "Try ", "Error: ", " ")
        expect(code in (0, 1, 2) and all(not line or line.startswith(starts) for line in err), wrong, err)
        expect(sum(line.startswith("Error: ") for line in err) <= 1, err)


def tables(r: random.Random, paths: list[str]) -> None:
    """The table and the page of anomaly scoring, of the names alone."""
    found = [
        Scored(Path(p), p, score=-1.5, error=r.choice([None, f"{p} is gone"]))
        for p in map(os.path.basename, paths)
    ]
    write_table(found, Path("table.csv"))
    text = Path("table.csv").read_bytes().decode()
    harmless(text.replace("\n", ""))
    rows = list(csv.DictReader(io.StringIO(text)))
    expect(len(rows) == len(found) == text.count("\n") - 1, text)
    cells = [cell for row in rows for key, cell in row.items() if key in ("file", "error")]
    expect(not any(cell.startswith(tuple("=+-@\t\r")) for cell in cells), cells)
    expect(all(row.get("score", "") in ("-1.5", "") for row in rows), rows)
    write_report(found, Path("page.html"), os.fsdecode(name(r, b"")))
    page = Path("page.html").read_bytes().decode()
    harmless(page.replace("\n", ""))
    parser = Tags()
    parser.feed(page)
    expect(parser.tags <= TAGS and not parser.scripts, parser.tags, parser.scripts)


class Tags(HTMLParser):
    """Which tags a page has, and which attributes run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.scripts += [key for key, _ in attrs if key.startswith("on")]


if __name__ == "__main__":
    main("names", trial, trials=50)

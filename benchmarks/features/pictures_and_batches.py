"""Rows: many files, and the flags of every command."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from world import World, feature, require


def names(folder: Path) -> list[str]:
    hidden = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return sorted(str(path.relative_to(folder)) for path in hidden if path.suffix != ".jsonl")


@feature
def command_line(world: World) -> None:
    """CLI for images
    writes a picture of the same size"""
    world("vaeedit denoise photo.png -o clean.png")
    require(world.opened("clean.png").size == world.opened("photo.png").size, "another size")


@feature
def folder_batch(world: World) -> None:
    """folder batch
    one result for each of three pictures"""
    for name in ("a.png", "b.jpg", "c.webp"):
        world.picture(f"photos/{name}")
    world("vaeedit denoise photos/ -o clean/")
    require(names(world.path("clean")) == ["a.png", "b.jpg", "c.webp"], str(names(world.path("clean"))))


@feature
def recursion(world: World) -> None:
    """recursion keeps sub-folders
    two pictures of one name in two folders, two results"""
    for name in ("one/a.png", "two/a.png"):
        world.picture(f"photos/{name}")
    world("vaeedit denoise -r photos/ -o clean/")
    require(names(world.path("clean")) == ["one/a.png", "two/a.png"], str(names(world.path("clean"))))


@feature
def resume(world: World) -> None:
    """skip existing, resume
    a result that is gone is made again, the others are not touched"""
    for name in ("a.png", "b.png"):
        world.picture(f"photos/{name}")
    world("vaeedit denoise photos/ -o clean/")
    before = world.path("clean/a.png").stat().st_mtime_ns
    world.path("clean/b.png").unlink()
    world("vaeedit denoise photos/ -o clean/ --resume")
    require(world.path("clean/b.png").exists(), "it was not made again")
    require(world.path("clean/a.png").stat().st_mtime_ns == before, "it was made twice")


@feature
def bad_file(world: World) -> None:
    """keeps going on a bad file
    the picture after a damaged one is edited"""
    world.picture("photos/a.png")
    world.path("photos/0.png").write_bytes(b"no picture")
    world("vaeedit denoise photos/ -o clean/", code=1)
    require(world.path("clean/a.png").exists(), "the good picture was not edited")


@feature
def summary(world: World) -> None:
    """failure summary, exit code
    exit code 1, the file and the number of failures on stderr"""
    world.picture("photos/a.png")
    world.path("photos/0.png").write_bytes(b"no picture")
    done = world("vaeedit denoise photos/ -o clean/", code=1)
    require("0.png" in done.stderr and "1 failed" in done.stderr, done.stderr)


@feature
def report(world: World) -> None:
    """JSON or CSV report
    a record for each picture, and a summary in a file"""
    done = world("vaeedit denoise photo.png -o clean.png --json --report report.json")
    record, written = json.loads(done.stdout), json.loads(world.path("report.json").read_text())
    require(record["status"] == "done" and "denoise" in record["notes"], "the record lacks its facts")
    require(written, "the report is empty")


@feature
def dry_run(world: World) -> None:
    """dry run
    says what it would write, and writes nothing"""
    done = world("vaeedit denoise photo.png -o clean.png --dry-run")
    require("photo.png -> clean.png" in done.stdout, done.stdout)
    require(not world.path("clean.png").exists(), "it wrote the picture")


@feature
def watch(world: World) -> None:
    """--watch
    a picture that arrives later is edited"""
    world.path("incoming").mkdir()
    command = "vaeedit denoise incoming/ --watch -o clean/"
    world.commands.append(command)
    process = subprocess.Popen(
        command.split(),
        cwd=world.folder,
        env=world.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        world.picture("new.png").rename(world.path("incoming/new.png"))
        end = time.monotonic() + 300
        while not world.path("clean/new.png").exists() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.2)
        require(world.path("clean/new.png").exists(), "it was not edited")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


@feature
def pipe(world: World) -> None:
    """stdin, stdout
    a picture comes from a pipe and goes into one"""
    world("cat photo.png | vaeedit denoise - -o - > clean.png")
    require(world.opened("clean.png").size == world.opened("photo.png").size, "another size")


@feature
def progress(world: World) -> None:
    """progress bar
    on a terminal, the tiles of one picture are counted"""
    done = world("script -qec 'vaeedit denoise photo.png -o clean.png --tile 32' /dev/null")
    require("tiles" in done.stdout, "no tiles were counted")


@feature
def server(world: World) -> None:
    """HTTP server
    a picture that is posted comes back as the command edits it"""
    with _serving(world, "vaeedit serve --port 0") as address:
        world(f"curl -sf --data-binary @photo.png {address}denoise -o served.png", shown=False)
        world.commands.append("curl --data-binary @photo.png $ADDRESS/denoise -o served.png")
    world("vaeedit denoise photo.png -o clean.png")
    require(world.path("served.png").read_bytes() == world.path("clean.png").read_bytes(), "they differ")


@contextmanager
def _serving(world: World, command: str) -> Iterator[str]:
    """The address that a command prints; it runs until the end of the `with` block."""
    world.commands.append(command)
    process = subprocess.Popen(
        command.split(), cwd=world.folder, env=world.environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


@feature
def notebook(world: World) -> None:
    """web UI or notebook
    a page has every operation, and a notebook displays a result"""
    with _serving(world, "vaeedit ui --port 0") as address:
        page = world(f"curl -sf {address}", shown=False).stdout
        require("super-resolve: Enlarge" in page, "the page lacks an operation")
    world(
        "python -c \"import vaeedit; open('shown.png', 'wb').write(vaeedit.edit('photo.png', 'denoise')._repr_png_())\""
    )
    require(world.opened("shown.png").size == world.opened("photo.png").size, "another size")

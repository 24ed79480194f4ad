"""`vaeedit anomaly`: fit a model of normal images, and score others by it."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from vaeedit.api import (
    INPUT,
    Budget,
    CommandGroup,
    Duration,
    Result,
    Session,
    Source,
    UsageError,
    Uses,
    cell,
    console,
    debug_option,
    find_sources,
    make_folder,
    write,
    write_whole,
)
from vaeedit_anomaly.report import write_report
from vaeedit_anomaly.scoring import Scored, Scorer

ANOMALOUS = 3
"""Exit code of `score --fail-on-anomaly` where an image is abnormal."""
PICTURES = ("heat", "overlay", "mask")
"""Maps that --map writes."""
NORMAL_FOLDERS = ("good", "ok", "normal")
"""Folders whose images are known to be normal; then those of the folders beside it are known to be abnormal."""


class Share(click.ParamType[float]):
    """'1%' or '0.01'."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse."""
        text = str(value).strip()
        try:
            found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            found = -1.0
        if not 0 < found <= 0.5:
            self.fail(
                f"{value!r} is no share of false alarms; say for example 1% or 0.01, at most 50%.", param, ctx
            )
        return found


def _fit(
    normals: str,
    output: str,
    budget: float,
    steps: int | None,
    false_alarms: float,
    seed: int,
    exists: str,
    debug: bool,
) -> int:

    from vaeedit_anomaly.fit import fit  # training may be missing, and is heavy

    target = Path(output)
    if target.suffix != ".safetensors":
        raise UsageError(f"A model's file ends in .safetensors; {output} does not.")
    _refuse_existing([target], exists)
    summary = fit(
        Path(normals), target, Budget(budget, steps), false_alarms=false_alarms, seed=seed, say=console.note
    )
    console.say(
        f"{target}  (learned from {summary['learned_from']} images in {summary['steps']} steps; "
        f"{summary['held_out']} held out: abnormal above {summary['threshold']:.3f}, at {false_alarms:.3%} false alarms)"
    )
    console.say(f"Use it: vaeedit anomaly score IMAGES --vae {target}")
    return console.OK


def _score(
    inputs: tuple[str, ...],
    vae: str,
    false_alarms: float | None,
    recursive: bool,
    folder: str | None,
    table: str | None,
    report: str | None,
    exists: str,
    as_json: bool,
    fail_on_anomaly: bool,
    device: str,
    tile: int | None,
    debug: bool,
) -> int:
    sources = find_sources(inputs, recursive=recursive)
    places = [(what, Path(name)) for what, name in (("the table", table), ("the report", report)) if name]
    pictures = {} if folder is None else _pictures(sources, Path(folder))
    maps = [path for one in pictures.values() for path in one.values()]
    _refuse_clashes(sources, vae, [*places, *(("a map", path) for path in maps)])
    _refuse_existing([*(path for _, path in places), *maps], exists)
    wanted = ("overlay",) * bool(report) + (PICTURES if folder else ())
    with Session(device=device, tile=tile) as session:
        scorer = Scorer(session, vae, false_alarms, tuple(dict.fromkeys(wanted)))
        found = []
        for scored, result in _each(scorer, sources):
            _say(scored, as_json)
            if result is not None:
                _write_pictures(result, pictures.get(str(scored.path), {}))
            found.append((scored, None if result is None or not report else result.maps["overlay"]))
    if table:
        _write_table([scored for scored, _ in found], Path(table))
    if report:
        write_report(found, Path(report), vae)
    if any(scored.error for scored, _ in found):
        return console.FAILED
    return ANOMALOUS if fail_on_anomaly and any(scored.anomalous for scored, _ in found) else console.OK


def _each(scorer: Scorer, sources: Sequence[Source]) -> Iterator[tuple[Scored, Result | None]]:
    """Every source scored, with its label where the folders tell."""
    parents = {source.path.parent.name.lower() for source in sources if source.path is not None}
    labelled = bool(parents & set(NORMAL_FOLDERS)) and len(parents) > 1
    for source in sources:
        if source.path is None:
            raise UsageError("Images to score are files or folders, not standard input.")
        label = source.path.parent.name.lower() not in NORMAL_FOLDERS if labelled else None
        yield scorer(source.path, str(source.relative), label)


def _pictures(sources: Sequence[Source], folder: Path) -> dict[str, dict[str, Path]]:
    """Where each source's maps go: NAME.heat.png and so on, below the folder as the sources are below theirs."""
    found: dict[str, dict[str, Path]] = {}
    taken: dict[Path, Path] = {}
    for source in sources:
        if source.path is None:
            continue
        start = folder / source.relative.with_suffix("")
        if taken.setdefault(start, source.path) != source.path:
            raise UsageError(f"{taken[start]} and {source.path} would have the same maps; score them apart.")
        found[str(source.path)] = {name: start.with_name(f"{start.name}.{name}.png") for name in PICTURES}
    return found


def _write_pictures(result: Result, places: dict[str, Path]) -> None:
    for name, path in places.items():
        make_folder(path.parent)
        write(result.maps[name], path)


def _refuse_clashes(sources: Sequence[Source], vae: str, written: Sequence[tuple[str, Path]]) -> None:
    """Raise UsageError where something that is written is an image, the model, or something else that is written."""
    uses = Uses()
    uses.read(Path(vae), "the model")
    for source in sources:
        if source.path is not None:
            uses.read(source.path, INPUT)
    for what, path in written:
        uses.write(path, what)


def _refuse_existing(paths: Sequence[Path], exists: str) -> None:
    """Raise UsageError before any work."""
    for path in paths:
        if exists == "error" and path.exists():
            raise UsageError(f"{path} exists already; say --exists overwrite, or name another place.")


def _say(scored: Scored, as_json: bool) -> None:
    if as_json:
        console.say_json(scored.row())
    elif scored.error is None:
        verdict = "ABNORMAL" if scored.anomalous else "normal"
        console.say(f"{scored.path}  {verdict}  score {scored.score:.3f}, p {scored.p_value:.2g}")
    if scored.error is not None:
        console.complain(scored.error)


def _write_table(found: Sequence[Scored], path: Path) -> None:
    """CSV, worst first, those without a score last."""
    rows = [
        {name: cell(value) for name, value in one.row().items()}
        for one in sorted(found, key=lambda one: (one.error is not None, -one.score))
    ]
    text = io.StringIO()
    writer = csv.DictWriter(
        text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode())


_EXISTS = click.Option(
    ["--exists"], type=click.Choice(["error", "overwrite"]), default="error", show_default=True,
    help="What to do where an output exists.",
)  # fmt: skip

anomaly = CommandGroup("anomaly")
anomaly.add_command(
    click.Command(
        "fit",
        callback=_fit,
        params=[
            click.Argument(["normals"], metavar="NORMALS"),
            click.Option(["-o", "--output"], required=True, metavar="FILE", help="Model to write: part.vae.safetensors."),
            click.Option(["--budget"], type=Duration(), default=600.0, show_default="10m", help="Time for everything."),
            click.Option(["--steps"], type=click.IntRange(1), help="Train this many steps instead of a time."),
            click.Option(
                ["--false-alarms"], type=Share(), default=0.01, show_default="1%",
                help="Share of normal images that may be called abnormal.",
            ),
            click.Option(["--seed"], type=click.IntRange(0), default=0, show_default=True, help="Seed of everything random."),
            _EXISTS,
            debug_option(),
        ],
        help="Learn from a folder of normal images, and of nothing else; needs the extra `train`.",
        epilog="Example: vaeedit anomaly fit good/ -o part.vae.safetensors",
    )
)  # fmt: skip
anomaly.add_command(
    click.Command(
        "score",
        callback=_score,
        params=[
            click.Argument(["inputs"], nargs=-1, required=True, metavar="IMAGES..."),
            click.Option(["--vae"], required=True, metavar="FILE", help="Model that `vaeedit anomaly fit` has made."),
            click.Option(["--false-alarms"], type=Share(), help="Another share than the model was fitted for."),
            click.Option(["-r", "--recursive"], is_flag=True, default=False, help="Search sub-folders too."),
            click.Option(["--map", "folder"], metavar="DIR", help="Write NAME.heat.png, .overlay.png and .mask.png there."),
            click.Option(["--csv", "table"], metavar="FILE", help="Write a table, worst first."),
            click.Option(["--report"], metavar="FILE", help="Write a page (HTML, one file): worst first, with overlays."),
            _EXISTS,
            click.Option(["--json", "as_json"], is_flag=True, default=False, help="One JSON line an image."),
            click.Option(
                ["--fail-on-anomaly"], is_flag=True, default=False, help=f"Exit with {ANOMALOUS} if any image is abnormal."
            ),
            click.Option(["--device"], default="auto", show_default=True, help="As for every operation."),
            click.Option(["--tile"], type=click.IntRange(16), help="As for every operation; scores stay the same."),
            debug_option(),
        ],
        help="Say of every image how abnormal it is; pictures in folders called good beside others are taken as labelled.",
        epilog="Example: vaeedit anomaly score parts/ --vae part.vae.safetensors --report report.html",
    )
)  # fmt: skip

"""The samples that runs keep over the course of their training, and a table of where each run is."""

import base64
from collections.abc import Sequence
from datetime import datetime

from vaeedit.errors import VaeeditError
from vaeedit.limits import PICTURE, read_regular
from vaeedit.ui.runs.axis import short
from vaeedit.ui.runs.chart import shown, swatch
from vaeedit.ui.runs.reading import Run

PNG = b"\x89PNG\r\n\x1a\n"
LARGEST = 4 << 20
"""Most bytes of a picture of samples that the page shows."""


def steps_of(runs: Sequence[Run]) -> list[int]:
    """All steps at which one of the runs kept samples."""
    return sorted({step for run in runs for step, _ in run.snapshots})


def samples(runs: Sequence[Run], step: int) -> str:
    """HTML of the newest samples of each run up to a step; a sentence for a run without any."""
    return f'<div class="samples">{"".join(_samples(run, step) for run in runs)}</div>'


def overview(runs: Sequence[Run]) -> str:
    """An HTML table: the color of each run, its step, hours, newest PSNR of held-out images and last change."""
    head = "".join(f"<th>{name}</th>" for name in ("run", "step", "hours", "held-out PSNR", "last change"))
    rows = "".join(_row(run, place) for place, run in enumerate(runs))
    problems = "".join(f"<p>{shown(run.name)}: {shown(run.problem)}</p>" for run in runs if run.problem)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="Where each run is">{table}</div>{problems}'
    )


def _samples(run: Run, step: int) -> str:
    kept = [(at, path) for at, path in run.snapshots if at <= step]
    if not kept:
        why = "has none yet at this step" if run.snapshots else "keeps none; a VAE needs a prior for them"
        return f"<p>Samples: {shown(run.name)} {why}.</p>"
    at, path = kept[-1]
    hours = run.hours(at)
    when = f"step {at:,}" + ("" if hours is None else f", {hours:.2g} hours")
    try:
        data = read_regular(path, PICTURE)
        if not data.startswith(PNG) or len(data) > LARGEST:
            raise VaeeditError(f"{path.name} is no PNG of at most {LARGEST >> 20} MB.")
    except VaeeditError as error:
        return f"<p>{shown(run.name)}: {shown(str(error))}</p>"
    source = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    words = f"{shown(run.name)}, {when}"
    return f'<figure><img src="{source}" alt="Samples of {words}"><figcaption>{words}</figcaption></figure>'


def _row(run: Run, place: int) -> str:
    clock = run.clock
    psnr = run.measured[-1].psnr if run.measured else None
    changed = datetime.fromtimestamp(run.changed).strftime("%Y-%m-%d %H:%M") if run.changed else ""
    cells = [
        f"{clock[-1][0]:,}" if clock else "",
        short(clock[-1][1]) if clock else "",
        "" if psnr is None else f"{psnr:.2f} dB",
        changed,
    ]
    inside = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{swatch(place)} {shown(run.name)}</th>{inside}</tr>'

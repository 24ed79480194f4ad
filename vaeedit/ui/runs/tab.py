"""The tab Runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from vaeedit.errors import UsageError
from vaeedit.ui.context import Context
from vaeedit.ui.pulse import QUIET, pulse
from vaeedit.ui.runs.chart import COLORS, chart, table
from vaeedit.ui.runs.curves import LEVELS, PSNR, Against, panels, title, values_of
from vaeedit.ui.runs.reading import Run, Runs
from vaeedit.ui.runs.samples import overview, samples, steps_of

FIRST = ("loss", PSNR, LEVELS)
"""Values that are shown where nobody has chosen."""
EVERY = 5
"""Seconds until the page looks for changes."""
NONE = (
    "Start the server with `vaeedit ui --runs DIR`, where DIR is the folder of a run of `vaeedit train --run`, "
    "or one that holds such folders: their curves and samples appear here as they are trained."
)


@dataclass
class Seen:
    """What a page shows: it is drawn again only when that has changed."""

    drawn: Any = None
    """What it was drawn from; None at the beginning."""
    known: Sequence[str] = ()
    """Logged values that it offers."""
    steps: Sequence[int] = ()
    """Those of the slider."""


def runs_tab(context: Context) -> None:
    """Choices at the top, then where each run is, its curves, and its samples."""
    if context.runs is None:
        gr.Markdown(NONE)
        return
    runs = Runs(context.runs)
    chosen = gr.CheckboxGroup(
        [], label="Runs, the newest first", elem_id="runs-chosen", elem_classes="choices"
    )
    values = gr.CheckboxGroup([], label="Curves", elem_id="runs-curves")
    with gr.Row():
        kinds = [("Steps", "steps"), ("Hours", "hours")]
        against = gr.Radio(kinds, value="steps", label="Against", elem_id="runs-against", min_width=200)
        smoothing = gr.Slider(
            0, 0.99, value=0, step=0.01, label="Smoothing", elem_id="runs-smoothing", min_width=200
        )
        log = gr.Checkbox(False, label="Logarithmic steps or hours", elem_id="runs-log", min_width=200)
    where = gr.HTML()
    charts = gr.HTML(elem_id="runs-charts")
    with gr.Accordion("Values as tables", open=False):
        tables = gr.HTML()
    at = gr.Slider(
        0, 1, value=1, step=1, label="Samples, from the first to the newest", elem_id="runs-at", visible=False
    )
    pictures = gr.HTML(elem_id="runs-samples")
    choices = [chosen, values, against, log, smoothing, at]
    outputs = [chosen, values, where, charts, tables, at, pictures]

    def drawn(request: gr.Request, *given: Any) -> Any:
        seen = context.sittings.of(request).part("runs", Seen)
        try:
            return _drawn(runs, seen, *given)
        except UsageError as error:
            raise gr.Error(str(error)) from None

    pulse(EVERY).pulse(drawn, choices, outputs, **QUIET)
    for one in (chosen, values, against, log, smoothing, at):
        one.input(drawn, choices, outputs, **{**QUIET, "trigger_mode": "always_last"})


def _drawn(
    runs: Runs,
    seen: Seen,
    chosen: list[str],
    values: list[str],
    against: Against,
    log: bool,
    smoothing: float,
    at: int,
) -> Any:
    """Values of the outputs, or nothing where the page shows them already."""
    given, names = (chosen, values), runs.names()
    chosen = [name for name in chosen if name in names] if seen.known else list(names[:1])
    read = [runs.read(name) for name in chosen[:COLORS]]
    known = values_of(read) or seen.known
    values = [name for name in known if name in values or (name in FIRST and name not in seen.known)]
    now = (names, [(run.name, run.stamp) for run in read], values, against, log, smoothing, at)
    if now == seen.drawn:
        return gr.skip()
    seen.drawn, seen.known = now, known
    shown = panels(read, values, against)
    figures = "".join(chart(panel, against, smoothing=smoothing, log=log) for panel in shown)
    called = [(runs.folder.resolve().name if name == "." else name, name) for name in names]
    return (
        _choices(called, chosen, given[0]),
        _choices([(title(name), name) for name in known], values, given[1]),
        _message(names, chosen) + (overview(read) if read else ""),
        f'<div class="charts">{figures}</div>',
        f'<div class="values">{"".join(table(panel, against) for panel in shown)}</div>',
        *_samples(seen, read, at),
    )


def _choices(called: Sequence[tuple[str, str]], chosen: list[str], given: list[str]) -> Any:
    """The choices, and what is chosen if that is not what the page has: it may have changed meanwhile."""
    return gr.update(choices=called, **({} if chosen == given else {"value": chosen}))


def _message(names: Sequence[str], chosen: Sequence[str]) -> str:
    """What to do where nothing, or too much, is chosen."""
    if not names:
        return "<p>There is no run in this folder yet; the page looks again by itself.</p>"
    if not chosen:
        return "<p>Choose at least one run.</p>"
    return "" if len(chosen) <= COLORS else f"<p>The first {COLORS} of the chosen runs are compared.</p>"


def _samples(seen: Seen, read: Sequence[Run], at: int) -> tuple[Any, str]:
    """The slider over all steps with samples, which follows the newest one where it stands at its end; and the samples."""
    steps = steps_of(read)
    follows = at >= len(seen.steps) - 1 or steps[: len(seen.steps)] != seen.steps
    seen.steps = steps
    if not steps:
        return gr.update(visible=False), ""
    at = len(steps) - 1 if follows else at
    shown = gr.update(maximum=max(1, len(steps) - 1), value=at, visible=len(steps) > 1)
    return shown, samples(read, steps[at])

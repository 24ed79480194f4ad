"""The batches of the tab Batch, and how the chosen one goes."""

import os
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from vaeedit.errors import VaeeditError
from vaeedit.plain import plain
from vaeedit.ui.batch.batches import Batches
from vaeedit.ui.batch.running import Running
from vaeedit.ui.batch.shown import failures, pair, progress, results, safe, thumbnails, title
from vaeedit.ui.batch.thumbnail import LARGE, SMALL, thumbnail
from vaeedit.ui.below import below
from vaeedit.ui.context import Context
from vaeedit.ui.engine.ticket import Cancelled
from vaeedit.ui.pulse import QUIET, pulse
from vaeedit.ui.static import text

DRAWN = "batch drawn"
"""What a sitting keeps under this name: what its page shows."""
EVERY = 1.5
"""Seconds until the page looks how a batch goes."""
SEEN, AT_ONCE = 12, 4
"""Most small pictures, and most that are made between two looks."""
PATIENCE = 20
"""Seconds that a small picture may take."""


@dataclass(frozen=True)
class Watching:
    """The components of the lower half of the tab."""

    context: Context
    batches: Batches
    chosen: gr.Radio
    parts: list[Component]
    """Progress, small pictures, failures, results, resume and stop."""

    @property
    def inputs(self) -> list[Component]:
        """Of events that draw."""
        return [self.chosen]

    @property
    def outputs(self) -> list[Component]:
        """Of events that draw."""
        return [self.chosen, *self.parts]

    def choice(self, output: str | None = None) -> Any:
        """The list of batches, with that of an output folder chosen; without one, what is chosen stays."""
        known = sorted(self.batches.by_output.values(), key=lambda one: one.started, reverse=True)
        named = [(title(running), running.request.output) for running in known]
        chosen = {"value": output} if output is not None else {}
        return gr.update(choices=named, visible=bool(known), **chosen)

    def draw(self, request: gr.Request, chosen: str | None) -> Any:
        """Everything that has changed since it was drawn last."""
        sitting = self.context.sittings.of(request)
        now = self._now(sitting.key, chosen)
        with sitting.lock:
            before = sitting.parts.get(DRAWN) or [None] * len(now)
            sitting.parts[DRAWN] = now
        return [gr.skip() if one == other else one for one, other in zip(now, before, strict=True)]

    def _now(self, key: str, chosen: str | None) -> list[Any]:
        """The values of the outputs."""
        self.batches.refresh()
        running = self.batches.by_output.get(chosen or "")
        if running is None:
            return [self.choice(), *[gr.update(visible=False)] * len(self.parts)]
        self._add_thumbnails(key, running)
        shown = [progress, thumbnails, failures, results]
        return [
            self.choice(),
            *(gr.update(value=draw(running), visible=True) for draw in shown),
            gr.update(visible=not running.is_active and running.state != "done"),
            gr.update(visible=running.is_active, interactive=running.state == "running"),
        ]

    def look(self, request: gr.Request, chosen: str | None, output: str) -> str:
        """A result beside its picture; a sentence where one cannot be read."""
        running = self.batches.by_output.get(chosen or "")
        found = (
            (one for one in running.filling.latest() if plain(one.output) == output) if running else iter(())
        )
        record = next(found, None)
        if record is None:
            return ""
        key = self.context.sittings.of(request).key
        try:
            before, after = (self._small(key, name, LARGE) for name in (record.input, record.output))
        except VaeeditError as error:
            return f'<p role="alert">{safe(str(error))}</p>'
        return pair(record, before, after)

    def _add_thumbnails(self, key: str, running: Running) -> None:
        """Make small pictures of results that have none, and forget those of older ones."""
        newest = running.filling.latest(SEEN)
        for old in {*running.thumbnails} - {record.output for record in newest}:
            running.thumbnails.pop(old, None)
        missing = [record for record in newest if record.output not in running.thumbnails]
        for record in missing[:AT_ONCE]:
            try:
                running.thumbnails[record.output] = self._small(key, record.output, SMALL)
            except VaeeditError:  # a film, or a result that is gone
                continue

    def _small(self, key: str, name: str, side: int) -> str:
        """A small version of a file below the root; raises VaeeditError."""
        path = below(
            self.batches.root, os.path.relpath(os.path.join(self.batches.root, name), self.batches.root)
        )
        try:
            small: str = self.context.desk.submit(key, thumbnail, str(path), side).result(PATIENCE)
        except (Cancelled, TimeoutError):
            raise VaeeditError(f"{name} cannot be shown now; try again.") from None
        return small


def watching(context: Context, batches: Batches) -> Watching:
    """Build the lower half of the tab."""
    chosen = gr.Radio([], label="Batches", elem_id="batch-chosen", visible=False)
    bar = gr.HTML(elem_id="batch-progress", visible=False)
    with gr.Row():
        stop = gr.Button("Stop", variant="stop", scale=0, elem_id="batch-stop", visible=False)
        resume = gr.Button("Resume", scale=0, elem_id="batch-resume", visible=False)
    said = gr.HTML(elem_id="batch-resumed")
    small = gr.HTML(elem_id="batch-thumbnails", js_on_load=text("thumbnails.js"), visible=False)
    beside = gr.HTML(elem_id="batch-pair", js_on_load=text("pair.js"))
    failed, table = (gr.HTML(elem_id=f"batch-{name}", visible=False) for name in ("failures", "results"))
    made = Watching(context, batches, chosen, [bar, small, failed, table, resume, stop])

    def resumed(request: gr.Request, output: str) -> str:
        try:
            batches.resume(context.sittings.of(request).key, output)
        except VaeeditError as error:
            return f'<p role="alert">{safe(str(error))}</p>'
        return ""

    def stopped(output: str) -> None:
        batches.by_output[output].stop()

    def looked(request: gr.Request, event: gr.EventData, output: str) -> str:
        return made.look(request, output, str(event.output))

    draw = {"fn": made.draw, "inputs": made.inputs, "outputs": made.outputs, **QUIET}
    pulse(EVERY).pulse(**draw)
    chosen.input(**draw).then(lambda: "", None, beside, **QUIET)
    resume.click(resumed, chosen, said, **{**QUIET, "show_progress": "minimal"}).then(**draw)
    stop.click(stopped, chosen, None, **QUIET).then(**draw)
    small.look(looked, chosen, beside, **QUIET)
    return made

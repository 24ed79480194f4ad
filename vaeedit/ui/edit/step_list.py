"""The list of steps: select, switch, move and remove each. A component of ours, whose small buttons have names."""

from importlib.resources import files
from typing import Any

import gradio as gr

from vaeedit.options import flag_of
from vaeedit.pipeline.pipeline import labels
from vaeedit.pipeline.step import Step
from vaeedit.ui.document import Document

EMPTY = "No steps yet: the picture stays as it is."


def step_list(**own: Any) -> gr.HTML:
    """The component. Its value is `rows(document)`; its event `act` has `action`, the `key` of an entry, and `on`."""
    static = files("vaeedit.ui") / "static"
    return gr.HTML(
        [],
        html_template=f'<p>{EMPTY}</p><ol aria-label="Steps"></ol>',
        css_template=(static / "steps.css").read_text(encoding="utf-8"),
        js_on_load=(static / "steps.js").read_text(encoding="utf-8"),
        **own,
    )


def rows(document: Document) -> list[dict[str, Any]]:
    """What the list shows of each entry; the page makes text of it, never HTML."""
    names = labels([entry.step.name or entry.step.operation.rpartition(":")[2] for entry in document.entries])
    current = document.current
    return [
        {
            "key": entry.key,
            "name": name,
            "on": entry.on,
            "selected": entry is current,
            "text": _text(entry.step),
        }
        for entry, name in zip(document.entries, names, strict=True)
    ]


def _text(step: Step) -> str:
    """What is set, in one line: 'strength 0.6, sigma 20'."""
    given = {flag_of(name): _shown(value) for name, value in step.options.items()}
    own = {"vae": step.vae, "when": step.when, "maps": ", ".join(step.maps)}
    given |= {name: value for name, value in own.items() if value}
    return ", ".join(f"{name} {value}" for name, value in given.items())


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " and ".join(map(_shown, value))
    return f"{value:g}" if isinstance(value, float) else str(value)

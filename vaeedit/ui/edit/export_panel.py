"""The same edit elsewhere: as a command line, a pipeline file and Python, to copy or to save."""

from importlib.resources import files

import gradio as gr

from vaeedit.extension.registry import Registry
from vaeedit.ui.document import Document
from vaeedit.ui.exports import PIPELINE, as_command, as_python, as_yaml

TITLES = {"command": "Command line", "yaml": "Pipeline file", "python": "Python"}
SAVE = f'<button type="button" class="save" aria-label="Save as {PIPELINE}">Save</button>'


def export_panel() -> gr.HTML:
    """Build the panel; returns the component whose value is `exports(document, registry)`."""
    static = files("vaeedit.ui") / "static"
    with gr.Accordion("Use these steps elsewhere", open=False, elem_id="edit-export"):
        return gr.HTML(
            {},
            html_template="".join(_section(name, title) for name, title in TITLES.items())
            + '<p role="status"></p>',
            css_template=(static / "exports.css").read_text(encoding="utf-8"),
            js_on_load=(static / "exports.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            elem_id="edit-exports",
        )


def exports(document: Document, registry: Registry) -> dict[str, str]:
    """The texts by name; empty for a document of which no step is on."""
    if not document.steps:
        return {}
    return {
        "command": as_command(document, registry),
        "yaml": as_yaml(document),
        "python": as_python(document),
    }


def _section(name: str, title: str) -> str:
    """HTML of one text with its buttons."""
    return (
        f"<section><header><h2>{title}</h2>{SAVE if name == 'yaml' else ''}"
        f'<button type="button" class="copy" aria-label="Copy: {title}">Copy</button></header>'
        f'<pre id="edit-{name}" data-name="{name}" data-file="{PIPELINE}" tabindex="0" role="region" '
        f'aria-label="{title}"></pre></section>'
    )

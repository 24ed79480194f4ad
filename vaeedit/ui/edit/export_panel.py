"""The same edit elsewhere: as a command line, a pipeline file and Python, to copy or to download."""

import gradio as gr
from gradio.components import Component

from vaeedit.ui.edit.parts import QUICK
from vaeedit.ui.exports import PIPELINE

DOWNLOAD = f"""(text) => {{
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {{ type: "application/yaml" }}));
  link.download = "{PIPELINE}";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}}"""
"""Saves text from the page itself; nothing is asked of the server."""


def export_panel() -> tuple[Component, Component, Component]:
    """Build the panel; returns the components of YAML, command line and Python, which `Parts` fills."""
    with gr.Accordion("Use these steps elsewhere", open=False, elem_id="edit-export"):
        command = _text("Command line", "edit-command", 1)
        yaml = _text(f"Pipeline file, for: vaeedit run {PIPELINE} in.jpg -o out.jpg", "edit-yaml", 5)
        saving = gr.Button("Download the pipeline file", size="sm", elem_id="edit-yaml-download")
        python = _text("Python", "edit-python", 3)
    saving.click(None, yaml, None, js=DOWNLOAD, **{**QUICK, "trigger_mode": "once"})
    return yaml, command, python


def _text(label: str, elem_id: str, lines: int) -> Component:
    return gr.Textbox(
        "",
        label=label,
        lines=lines,
        max_lines=12,
        interactive=False,
        buttons=["copy"],
        elem_id=elem_id,
        elem_classes="code",
    )

"""A page with one viewer and a server that crops a picture in memory, for tests of the viewer alone."""

import base64
import io
import json
import threading

import gradio as gr
import numpy as np
from PIL import Image

from vaeedit.ui.theme import css, theme
from vaeedit.ui.viewer import viewer

WIDTH, HEIGHT = 600, 400


def picture():
    """Every pixel has a color of its own, which says where it is."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([x % 256, y % 256, (x // 256) * 16 + (y // 256)], -1).astype(np.uint8)


def place(color):
    """The column and row of a pixel of `picture()`."""
    red, green, high = map(int, color[:3])
    return red + 256 * (high // 16), green + 256 * (high % 16)


BEFORE = picture()
AFTER = 255 - BEFORE
LAYERS = {"before": BEFORE, "after": AFTER, "uncertainty": BEFORE[..., 0]}


def data_url(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


class Server:
    """Keeps the questions; a test may `change` replies, and closes `gate` to make them wait."""

    def __init__(self):
        self.gate = threading.Event()
        self.forget()

    def forget(self):
        self.asked, self.answered, self.change = [], 0, lambda asked, reply: reply
        self.gate.set()

    def render(self, asked):
        self.asked.append(asked)
        reply = {"version": asked["version"], "region": asked["region"], "exact": False, "scale": 1.0}
        reply |= {"layers": {}, "note": "", "error": "", "ranges": {"uncertainty": [0, 0.25]}}
        x0, y0, x1, y1 = asked["region"]
        box = (round(x0 * WIDTH), round(y0 * HEIGHT), round(x1 * WIDTH), round(y1 * HEIGHT))
        for name in asked["layers"]:
            cut = Image.fromarray(LAYERS[name]).crop(box)
            reply["layers"][name] = data_url(
                np.asarray(cut.resize((asked["width"], asked["height"]), Image.Resampling.BOX))
            )
        reply = self.change(asked, reply)
        self.gate.wait(20)
        self.answered += 1
        return reply

    def start(self):
        """The running page and its address."""
        page = self.page()
        options = {"footer_links": [], "ssr_mode": False, "theme": theme(), "css": css()}
        return page, page.launch(prevent_thread_lock=True, quiet=True, **options)[1]

    def page(self):
        with gr.Blocks(title="viewer", analytics_enabled=False) as page:
            seen = viewer(self.render)
            text = gr.Textbox(label="value", elem_id="value")
            gr.Button("set", elem_id="set").click(json.loads, text, seen, show_progress="hidden")
        return page

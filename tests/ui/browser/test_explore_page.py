"""The tab Explore in a browser: walk, directions, an operation, samples, draws, a restored picture, downloads."""

import io

import numpy as np
import pytest
from PIL import Image

from conftest import SAMPLES

pytest.importorskip("gradio", reason="the extra ui is not installed")
AXE = "axe_playwright_python.sync_playwright"
SHOWN = """version => {
  const viewer = document.querySelector('#explore-viewer .viewer');
  return viewer && viewer.dataset.exact === 'true' && Number(viewer.dataset.version) > version;
}"""
SEEN = "() => document.querySelector('#explore-viewer canvas').toDataURL()"


class Explore:
    """The tab as a user has it."""

    def __init__(self, tab):
        self.tab, self.version = tab, 0
        tab.get_by_role("tab", name="Explore").click()
        self.rest()

    def rest(self):
        """Wait until a newer picture is shown at its full size; returns what the canvas shows."""
        self.tab.wait_for_function(SHOWN, arg=self.version)
        viewer = self.tab.locator("#explore-viewer .viewer")
        self.version = int(viewer.get_attribute("data-version"))
        return self.tab.evaluate(SEEN)

    def after(self, act):
        """What is seen after an act."""
        act()
        return self.rest()

    def choose(self, label, option):
        """An option of a drop-down."""
        self.tab.get_by_label(label, exact=True).click()
        self.tab.get_by_role("option", name=option, exact=True).click()

    def download(self):
        """The pixels that are saved."""
        with self.tab.expect_download() as waited:
            self.tab.locator("#explore-download").click()
        return np.asarray(Image.open(io.BytesIO(waited.value.path().read_bytes())))


def test_pictures_are_explored(tab):
    page = Explore(tab)
    first = tab.evaluate(SEEN)
    place = tab.get_by_role("slider", name="From left to right")
    place.focus()
    walked = page.after(lambda: place.press("Shift+ArrowRight"))
    assert place.get_attribute("aria-valuetext") == "90 % osprey, 10 % skyline"
    assert page.after(lambda: place.press("Home")) == first != walked
    slider = tab.get_by_label("range slider for Direction 1")
    slider.focus()
    assert page.after(lambda: slider.press("PageUp")) != first
    assert page.after(lambda: tab.locator("#explore-reset").click()) == first
    tab.get_by_role("button", name="Operation direct").click()
    assert page.after(lambda: tab.get_by_label("Apply direct").check()) != first
    page.after(lambda: tab.get_by_label("Apply direct").uncheck())
    page.after(lambda: tab.get_by_label("Keep details").check())
    kept = page.download()
    assert kept.shape == (288, 512, 3)
    drop = tab.locator("#explore-drop input[type=file]")
    page.after(lambda: drop.set_input_files(SAMPLES / "sunset.jpg"))
    area = tab.locator("#explore-pad .area").bounding_box()
    page.after(lambda: tab.mouse.click(area["x"] + area["width"] / 2, area["y"] + area["height"] * 0.97))
    assert "down" in tab.locator("#explore-pad .where").text_content()
    drop.set_input_files([{"name": "<img src=x>.png", "mimeType": "image/png", "buffer": b"no picture"}])
    tab.locator("#explore-said [role=alert]").wait_for()
    assert tab.locator("#explore-said img").count() == 0
    assert tab.locator("#explore-viewer .viewer").get_attribute("data-version") == str(page.version)


def test_a_vae_draws_and_another_restores(tab):
    page = Explore(tab)
    page.after(lambda: page.choose("VAE", "Draws pictures: mnist-conditional"))
    page.after(lambda: page.choose("Class", "7"))
    count = tab.get_by_label("number input for Side by side")
    seen = page.after(lambda: count.fill("9"))
    assert page.download().shape == (28 * 3 + 8, 28 * 3 + 8)
    seed = tab.get_by_label("number input for Seed")
    assert page.after(lambda: seed.fill("5")) != seen
    axe = pytest.importorskip(AXE, reason="axe-playwright-python is missing")
    found = axe.Axe().run(tab)
    assert not found.violations_count, found.generate_report()
    page.after(lambda: page.choose("VAE", "Restores pictures: denoise"))
    assert tab.locator("#explore-pad").count() == 0
    rest = tab.evaluate(SEEN)
    assert page.after(lambda: tab.get_by_label("number input for Side by side").fill("1")) != rest

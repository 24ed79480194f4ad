"""The tab Runs in a browser: curves that grow by themselves, several runs, smoothing, tables, samples."""

import numpy as np
import pytest

from vaeedit.image import Frame, write
from vaeedit.training.history import Logged, write_metrics


def _train(folder, steps):
    """What a run has kept after so many steps."""
    (folder / "snapshots").mkdir(parents=True, exist_ok=True)
    rows = [
        Logged(step, step / 60, 0, "nats", {"loss": 4 / step, "kl_1": 2.0, "kl_2": 3.0})
        for step in range(1, steps)
    ]
    write_metrics(folder, rows)
    (folder / "curve.csv").write_text("hours,steps,psnr\n0.001,4,30.5\n0.002,8,31.25\n")
    for step in (1, steps):
        write(Frame(np.full((8, 8, 1), 9 * step, np.uint8)), folder / "snapshots" / f"{step:09d}.png")


@pytest.mark.parametrize("tab", [{"viewport": {"width": 390, "height": 800}}], indirect=True)
def test_curves_and_samples_grow_while_they_are_shown(tab, page_server):
    home = page_server.runs / "job"
    _train(home / "first", 9)
    tab.get_by_role("tab", name="Runs").click()
    loss = tab.get_by_role("img", name="Loss against steps")
    loss.wait_for()
    assert "At the end: job/first: 0.5 nats" in loss.get_attribute("aria-label")
    tab.get_by_role("img", name="KL divergence by level").wait_for()
    assert "31.25 dB" in tab.locator("#runs-charts svg[aria-label^=PSNR]").get_attribute("aria-label")
    _train(home / "first", 17)
    tab.get_by_role("img", name="job/first: 0.25 nats").wait_for()
    tab.get_by_role("img", name="Samples of job/first, step 17").wait_for()
    slider = tab.get_by_role("slider", name="Samples")
    slider.focus()
    slider.press("Home")
    tab.get_by_role("img", name="Samples of job/first, step 1,").wait_for()
    tab.get_by_role("radio", name="Hours").check()
    tab.get_by_role("img", name="Loss against hours").wait_for()
    tab.get_by_role("slider", name="Smoothing").press("End")
    tab.locator("#runs-charts .raw").first.wait_for()
    tab.get_by_text("Values as tables").click()
    tab.get_by_role("cell", name="31.25", exact=True).wait_for()
    (home / "first" / "metrics.jsonl").write_text("no JSON\n")
    tab.get_by_text("is damaged").wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") == 390

"""From the release of a slider to the first new pixels in the browser, for a photograph of 12 megapixels.

python benchmarks/ui_slider.py [--moves 9]

The photograph is samples/images/night-tree-phone.jpg, enlarged to 4000x3000. The window has 1280x900 pixels, and the picture
is seen whole. Each move is one arrow key on a slider; the time runs until the viewer has drawn pixels of the new version,
which may be coarse and become finer later. The first three moves, which load and learn, are not counted. Needs Playwright,
and Chromium on the path.
"""

import argparse
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

SAMPLES = Path(__file__).parents[1] / "samples/images"
SLIDERS = {"denoise": "Strength", "style": "Strength", "direct": "Amount"}
"""A slider of each operation that is measured."""
WARM = 3
REST = 2500
"""Milliseconds between two moves, in which the finer answers come."""
WATCH = """() => {
  const viewer = document.querySelector("#edit-viewer .viewer");
  addEventListener("keydown", () => {
    [window.pressed, window.seen, window.seconds] = [performance.now(), viewer.dataset.version, null];
  }, true);
  new MutationObserver(() => {
    if (viewer.dataset.version !== window.seen) window.seconds ??= (performance.now() - window.pressed) / 1000;
  }).observe(viewer, { attributes: true, attributeFilter: ["data-version"] });
}"""
"""Notes in the page itself when a key goes down, and when the first pixels of a newer version are there."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--moves", type=int, default=9)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        photo = Path(folder, "photo.jpg")
        Image.open(SAMPLES / "night-tree-phone.jpg").resize((4000, 3000)).save(photo, quality=95)
        command = [sys.executable, "-m", "vaeedit", "ui", "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            for operation, slider in SLIDERS.items():
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.set_default_timeout(120_000)
                page.goto(address)
                times = moved(page, photo, operation, slider, asked.moves)
                low, high = min(times), max(times)
                print(
                    f"{operation:8} median {statistics.median(times):.2f} s, from {low:.2f} to {high:.2f} s"
                )
                page.close()
        finally:
            browser.close()
            server.send_signal(signal.SIGTERM)
            server.wait()


def moved(page: Page, photo: Path, operation: str, slider: str, moves: int) -> list[float]:
    """Seconds from each arrow key to new pixels."""
    page.set_input_files("#pictures-drop input[type=file]", photo)
    page.wait_for_selector(".viewer[data-state=original]:not([data-version=''])")
    page.get_by_label("Add a step").click()
    page.get_by_role("option", name=f"{operation}:").first.click()
    if operation == "style":
        with page.expect_file_chooser() as choosing:
            page.click("#edit-upload-style")
        choosing.value.set_files(SAMPLES / "sunset.jpg")
        page.wait_for_selector("#edit-viewer .viewer[data-state=preview]")
    page.wait_for_selector("#edit-viewer .viewer[data-state=preview]")
    handle = page.get_by_label(f"range slider for {slider}")
    handle.focus()
    page.evaluate(WATCH)
    times = []
    for _ in range(WARM + moves):
        page.wait_for_timeout(REST)
        page.keyboard.press("ArrowLeft")
        times.append(page.wait_for_function("window.seconds").json_value())
    return times[WARM:]


if __name__ == "__main__":
    main()

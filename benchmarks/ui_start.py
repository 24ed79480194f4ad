"""How long `vaeedit ui` takes to start, and its first page to appear.

python benchmarks/ui_start.py [--runs 5]

Three times of each run, in seconds: until the server prints its address; from then until the first page can be used in
headless Chromium, whose own start is not counted and whose cache is empty; and until it can be used once more, by a
browser that has loaded it before. Needs Playwright, and Chromium on the path.
"""

import argparse
import shutil
import signal
import statistics
import subprocess
import sys
import time

from playwright.sync_api import Browser, BrowserContext, sync_playwright

READY = "#edit-operation input:enabled"
"""What of the page can be used at last."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    with sync_playwright() as play:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        rows = [one_run(browser) for _ in range(asked.runs)]
        browser.close()
    for name, times in zip(("server", "first page", "page again"), zip(*rows, strict=True), strict=True):
        print(
            f"{name:10}  median {statistics.median(times):.2f} s, from {min(times):.2f} to {max(times):.2f} s"
        )


def one_run(browser: Browser) -> tuple[float, float, float]:
    """The three times of one server."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "vaeedit", "ui", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        listening = time.perf_counter() - started
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        times = listening, opened(context, address), opened(context, address)
        context.close()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    return times


def opened(context: BrowserContext, address: str) -> float:
    """Seconds until a new page of a browser can be used."""
    started = time.perf_counter()
    page = context.new_page()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(READY, timeout=120_000)
    seconds = time.perf_counter() - started
    page.close()
    return seconds


if __name__ == "__main__":
    main()

"""Screenshots of each view of the page, for `vaeedit ui --export`: Chromium takes them, driven by Playwright."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from vaeedit.errors import UsageError
from vaeedit.extension.registry import Registry
from vaeedit.image.atomic import write_whole
from vaeedit.ui.explore.choices import GROUPS

SIZES = {"wide": (1280, 860), "narrow": (390, 844)}
"""Width and height of the browser's window in pixels, by the end of a file's name."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 120_000
"""Milliseconds to wait for a part of the page; a whole edit takes long on a busy machine."""
LOOK = 30_000
"""Milliseconds in which the page lists the batches of its root."""
COLORS = 256
"""Of a screenshot, so that its file is small."""


def export(url: str, folder: Path, registry: Registry) -> list[Path]:
    """Write a PNG of each view of the page at an address, at two widths; returns their paths.

    Batches and runs are shown where the server has a root and a folder of runs. Raises UsageError where Playwright or
    Chromium is missing.
    """
    playwright, program = _drivers()
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for end, (width, height) in SIZES.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
            page.set_default_timeout(PATIENCE)
            page.goto(url)
            for name, show in _views(registry).items():
                show(page)
                page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
                target = folder / f"{name}-{end}.png"
                write_whole(target, _small(page.screenshot()))
                written.append(target)
            page.close()
        browser.close()
    return written


def _drivers() -> tuple[Callable[[], Any], str]:
    """Playwright, and the path of a browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise UsageError("--export needs Playwright: pip install playwright.") from None
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise UsageError(
            "--export needs Chromium, which is not installed: on Debian, apt-get install chromium."
        )
    return sync_playwright, program


def _small(png: bytes) -> bytes:
    """The same screenshot with fewer colors; dithering hides the steps between them."""
    from PIL import Image

    buffer, image = BytesIO(), Image.open(BytesIO(png)).convert("RGB")
    palette = image.quantize(COLORS)
    image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _views(registry: Registry) -> dict[str, Callable[[Any], None]]:
    """What each view shows, by name: a function leads a page there from the view before."""
    return {
        "edit": lambda page: _edit(page, _operation(registry)),
        "map": _map,
        "explore": _explore,
        "draws": _draws,
        "runs": _runs,
        "batch": _batch,
    }


def _operation(registry: Registry) -> str:
    """The first operation that needs nothing but a picture, and makes a map."""
    operations = registry.operations
    return next(
        name
        for name, item in sorted(operations.bare.items())
        if item.spec.vae and item.spec.maps and not item.spec.needs
    )


def _edit(page: Any, operation: str) -> None:
    """A whole result at 1:1 beside the original."""
    page.locator("#pictures-sample input").click()
    page.get_by_role("option").first.click()
    page.locator(".strip button").first.wait_for()
    page.locator("#edit-operation input").click()
    page.get_by_role("option", name=f"{operation}:").click()
    page.locator("#edit-steps li").wait_for()
    page.locator("#edit-run").click()
    page.locator('#edit-viewer .viewer[data-state="full"]').wait_for()
    page.locator("#edit-viewer canvas").press("1")
    page.locator("#edit-viewer .status", has_text="100 % · Full result").wait_for()


def _map(page: Any) -> None:
    """A map over the result."""
    page.locator("#edit-viewer canvas").press("0")
    page.locator("#edit-viewer select").select_option(index=1)
    page.locator("#edit-viewer .low").wait_for()
    page.locator("#edit-viewer .stage[aria-busy=false]").wait_for()


def _explore(page: Any) -> None:
    """Between two pictures: that of the tab Edit, and another sample."""
    _open(page, "Explore", '#explore-viewer .viewer[data-exact="true"]')
    place = page.get_by_role("slider", name="From left to right")
    if not place.count():
        page.locator("#explore-sample input").click()
        _newer(page, page.get_by_role("option").last.click)
    for _ in range(2):
        _newer(page, lambda: place.press("PageUp"))


def _draws(page: Any) -> None:
    """Draws of a VAE that makes pictures by itself; by the keyboard, as the viewer may cover what the mouse would press."""
    vae = page.locator("#explore-vae input")
    vae.fill(GROUPS[1])
    _newer(page, lambda: vae.press("Enter"))
    draws = page.locator("#explore-start input").last
    if not draws.is_checked():
        _newer(page, lambda: draws.press("Space"))
    _newer(page, lambda: page.get_by_label("number input for Side by side").fill("9"))


def _runs(page: Any) -> None:
    """The curves of the newest run, if the server shows any."""
    _open(page, "Runs", "[role=tabpanel]:visible")
    if page.locator("#runs-chosen").count():
        page.locator("#runs-charts svg").first.wait_for()


def _batch(page: Any) -> None:
    """The newest batch, if there is one."""
    from playwright.sync_api import TimeoutError

    _open(page, "Batch", "[role=tabpanel]:visible")
    with suppress(TimeoutError):
        page.locator("#batch-chosen input").first.check(timeout=LOOK)
        page.locator("#batch-progress progress").wait_for()


def _open(page: Any, tab: str, part: str) -> None:
    page.get_by_role("tab", name=tab, exact=True).click()
    page.locator(part).first.wait_for()


def _newer(page: Any, act: Callable[[], Any]) -> None:
    """Act, and wait until the tab Explore shows what comes of it."""
    version = page.locator("#explore-viewer .viewer").get_attribute("data-version")
    act()
    page.locator(f'#explore-viewer .viewer[data-exact="true"]:not([data-version="{version}"])').wait_for()

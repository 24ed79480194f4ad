"""Every view of the page, at two widths, light and dark: axe-core finds nothing, and nothing is wider than the screen."""

import pytest

NAMES = ("Edit", "Explore", "Runs", "Batch")
SCREENS = [
    pytest.param(
        {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}, id=f"{width}-{scheme}"
    )
    for width in (1280, 390)
    for scheme in ("light", "dark")
]


@pytest.mark.parametrize("tab", SCREENS, indirect=True)
def test_axe_finds_nothing_and_no_view_is_wider_than_the_screen(tab):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is missing"
    )
    for name in NAMES:
        view(tab, name)
        found = axe.Axe().run(tab)
        assert not found.violations_count, f"{name}: {found.generate_report()}"
        assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"], name


def view(tab, name):
    """Open a view by its tab."""
    tab.get_by_role("tab", name=name, exact=True).click()
    tab.get_by_role("tab", name=name, exact=True, selected=True).wait_for()


def test_arrows_move_between_the_views(tab):
    tab.get_by_role("tab", name="Edit").focus()
    for key, name in (
        ("ArrowRight", "Explore"),
        ("End", "Batch"),
        ("ArrowRight", "Edit"),
        ("ArrowLeft", "Batch"),
        ("Home", "Edit"),
    ):
        tab.keyboard.press(key)
        tab.get_by_role("tab", name=name, exact=True, selected=True).wait_for()
        assert tab.evaluate("document.activeElement.textContent") == name

"""What a user does on the page, step by step. Every wait is for a state of the page, never for a time."""

import re
import time
from collections.abc import Callable
from pathlib import Path

WAIT = 60
"""Seconds after which a state that does not come is a failure."""


class Hand:
    """The tab Edit as a user has it before them."""

    def __init__(self, page):
        self.page = page
        self.viewer = page.locator("#edit-viewer .viewer")
        self.steps = page.locator("#edit-steps li")
        self.pictures = page.locator(".strip button")

    def upload(self, *paths: Path) -> None:
        """Choose picture files, and wait until they are on the strip."""
        before = self.pictures.count()
        self.page.locator("#pictures-drop input[type=file]").set_input_files(list(paths))
        self.pictures.nth(before + len(paths) - 1).wait_for()

    def choose(self, field: str, option: str) -> None:
        """Choose what begins with a text in a drop-down."""
        self.page.locator(f"#{field} input").click()
        self.page.get_by_role("option", name=re.compile(f"^{re.escape(option)}\\b")).click()

    def sample(self, name: str) -> None:
        """Take a sample, and wait until it is on the strip."""
        before = self.pictures.count()
        self.choose("pictures-sample", name)
        self.pictures.nth(before).wait_for()

    def add(self, operation: str) -> None:
        """Add a step, and wait for its form."""
        before = self.steps.count()
        self.choose("edit-operation", operation)
        self.steps.nth(before).wait_for()
        self.page.locator("#edit-options").get_by_role("heading", name=operation).wait_for()

    def slide(self, option: str, value: float) -> None:
        """Move the slider of an option, and wait until the viewer has drawn what follows."""
        version = self.viewer.get_attribute("data-version")
        self.page.locator(f"#edit-option-{option} input[type=range]").fill(str(value))
        self.drawn(after=version)

    def drawn(self, state: str = "preview", after: str | None = None) -> None:
        """Wait until the viewer shows pixels of a state, of a version that is not `after`."""
        newer = f':not([data-version="{after}"])' if after else ""
        self.page.locator(f'#edit-viewer .viewer[data-state="{state}"]{newer}').wait_for()
        self.page.locator('#edit-viewer .stage[aria-busy="false"]').wait_for()

    def make(self) -> None:
        """Make the whole result, and wait until the viewer shows it."""
        self.page.get_by_role("button", name="Make the result").click()
        self.drawn("full")

    def download(self, button: str, folder: Path) -> Path:
        """Press a button that saves a file; its path in a folder."""
        with self.page.expect_download() as saving:
            self.page.get_by_role("button", name=button, exact=True).click()
        path = folder / saving.value.suggested_filename
        saving.value.save_as(path)
        return path

    def names(self) -> list[str]:
        """The steps in their order."""
        return [text.partition(". ")[2] for text in self.steps.locator("strong").all_text_contents()]

    def exported(self, part: str) -> str:
        """The text of an export: 'command', 'yaml' or 'python'."""
        if not self.page.locator("#edit-command").is_visible():
            self.page.get_by_role("button", name="Use these steps elsewhere").click()
        return self.page.locator(f"#edit-{part}").text_content()

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what no locator can say."""
        end = time.monotonic() + WAIT
        while not holds():
            assert time.monotonic() < end, holds
            self.page.wait_for_timeout(20)

    def press_step(self, label: str, *names: str) -> None:
        """Press a button of the list of steps, and wait until it holds just these steps."""
        self.page.locator("#edit-steps").get_by_role("button", name=label, exact=True).click()
        self.until(lambda: self.names() == [*names])

    def switch_off(self, name: str) -> None:
        """Switch a step off, and wait until it is in no export."""
        self.page.get_by_label(f"{name} is on").uncheck()
        self.until(lambda: name not in self.exported("yaml"))

    def open(self, *files: Path) -> None:
        """Open a pipeline file, or the recipe of a picture."""
        field = self.page.locator("#edit-open-file input[type=file]")
        if not field.count():
            self.page.get_by_role("button", name="Open a pipeline or a recipe").click()
        field.set_input_files(list(files))

    def reach(self, selector: str, back: bool = False) -> None:
        """Move the keyboard to a part by the tabulator key alone."""
        for _ in range(120):
            if self.page.locator(f":focus:is({selector})").count():
                return
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"the keyboard does not reach {selector}")

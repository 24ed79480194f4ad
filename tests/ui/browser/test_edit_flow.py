"""Editing in a browser, on real pictures with shipped weights: what is downloaded is what the command line writes."""

import base64
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hand import Hand
from PIL import Image

SAMPLES = Path(__file__).parents[3] / "samples/images"
PASTE = """([name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], name, { type: "image/jpeg" }));
  document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
NARROW = {"viewport": {"width": 390, "height": 800}}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Two small cuts of photographs, with metadata of a camera."""
    folder = tmp_path_factory.mktemp("pictures")
    exif = Image.Exif()
    exif[0x0110] = "Camera 5"
    paths = []
    for name in ("mountain", "skyline"):
        paths.append(folder / f"{name}.jpg")
        Image.open(SAMPLES / f"{name}.jpg").crop((40, 60, 136, 124)).save(paths[-1], quality=95, exif=exif)
    return paths


@pytest.fixture
def hand(tab):
    return Hand(tab)


@pytest.fixture
def vaeedit(page_server, tmp_path):
    """The command line beside the page, in a folder."""

    def run(*arguments):
        command = [sys.executable, "-m", "vaeedit", *map(str, arguments)]
        how = {"cwd": tmp_path, "env": page_server.environment, "capture_output": True, "text": True}
        done = subprocess.run(command, **how)
        assert done.returncode == 0, done.stderr

    return run


def pixels(path):
    return np.asarray(Image.open(path))


@pytest.mark.parametrize("tab", [{}, NARROW], ids=["1280", "390"], indirect=True)
def test_a_picture_is_edited_and_downloaded_as_the_command_line_writes_it(hand, pictures, vaeedit, tmp_path):
    hand.upload(pictures[0])
    hand.drawn("original")
    hand.add("denoise")
    hand.drawn("preview")
    hand.slide("strength", 0.6)
    hand.make()
    path = hand.download("Download", tmp_path)
    assert path.name == "mountain.denoise.jpg"
    assert Image.open(path).getexif()[0x0110] == "Camera 5"
    command = shlex.split(hand.exported("command"))
    assert command == ["vaeedit", "denoise", "in.jpg", "--strength", "0.6", "-o", "out.jpg"]
    (tmp_path / "in.jpg").write_bytes(pictures[0].read_bytes())
    vaeedit(*command[1:])
    assert np.array_equal(pixels(path), pixels(tmp_path / "out.jpg"))


def test_steps_are_chained_moved_switched_off_undone_saved_and_opened(hand, pictures, vaeedit, tmp_path):
    hand.upload(pictures[0])
    hand.add("acme-lift")  # of another package
    hand.slide("amount", 0.2)
    hand.add("style")
    hand.press_step("Remove style", "acme-lift")
    hand.add("denoise")
    hand.press_step("Move denoise up", "denoise", "acme-lift")
    hand.switch_off("denoise")
    hand.page.get_by_role("button", name="Undo").click()
    hand.until(lambda: "denoise" in hand.exported("yaml"))
    hand.drawn("preview")
    hand.make()
    picture = hand.download("Download", tmp_path)
    pipeline = hand.download("Save as pipeline.yaml", tmp_path)
    assert pipeline.read_text() == hand.exported("yaml")
    vaeedit("run", pipeline, pictures[0], "-o", "out.jpg")
    assert np.array_equal(pixels(picture), pixels(tmp_path / "out.jpg"))
    for file in (pipeline, picture):
        hand.press_step("Remove denoise", "acme-lift")
        hand.press_step("Remove acme-lift")
        hand.open(file)
        hand.until(lambda: hand.names() == ["denoise", "acme-lift"])
        text = re.sub(r"\b(restore|acme-lift):(?=\S)", "", hand.exported("yaml"))  # a recipe names plugins
        assert text == pipeline.read_text()


def test_several_pictures_have_one_setting_and_come_as_a_zip(hand, pictures, tmp_path):
    hand.upload(pictures[0])
    hand.page.evaluate(PASTE, ["pasted.jpg", base64.b64encode(pictures[1].read_bytes()).decode()])
    hand.pictures.nth(1).wait_for()
    hand.sample("skyline")
    hand.page.locator("#pictures-remove").click()
    hand.until(lambda: hand.pictures.count() == 2)
    hand.add("acme-lift")
    hand.choose("edit-format", "png")
    path = hand.download("Download all (zip)", tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["mountain.acme-lift.png", "pasted.acme-lift.png"]
        for source in pictures:
            name = source.name if source is pictures[0] else "pasted.jpg"
            with archive.open(name.replace(".jpg", ".acme-lift.png")) as file:
                lifted = pixels(file)
            expected = pixels(source).astype(np.float32) / 255 + np.float32(0.25)
            assert np.abs(lifted / 255 - expected.clip(0, 1)).max() < 1 / 255


def test_cancel_frees_the_page_at_once(hand, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (1600, 2400, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png", compress_level=1)
    hand.upload(tmp_path / "large.png")
    hand.add("denoise")
    hand.page.get_by_role("button", name="Make the result").click()
    hand.page.get_by_role("progressbar").wait_for()
    hand.page.get_by_role("button", name="Cancel").click()
    hand.page.get_by_text("Cancelled.").wait_for()
    hand.page.locator("#edit-run:enabled").wait_for()
    hand.page.get_by_label("denoise is on").uncheck()
    hand.add("acme-lift")
    hand.make()


def test_the_keyboard_alone_edits_a_picture(hand, tmp_path):
    keyboard = hand.page.keyboard
    hand.reach("#pictures-sample input")
    keyboard.type("moun")
    keyboard.press("Enter")
    hand.pictures.first.wait_for()
    hand.reach("#edit-operation input")
    keyboard.type("denoi")
    keyboard.press("Enter")
    hand.steps.first.wait_for()
    hand.drawn("preview")
    hand.reach("#edit-option-strength input[type=range]")
    version = hand.viewer.get_attribute("data-version")
    keyboard.press("ArrowLeft")
    hand.drawn("preview", after=version)
    assert "strength 0.98" in hand.steps.first.text_content()
    hand.reach("#edit-viewer .divider", back=True)
    keyboard.press("Home")
    assert hand.page.locator("#edit-viewer .divider").get_attribute("aria-valuenow") == "0"
    hand.reach("#edit-viewer canvas", back=True)
    keyboard.press("1")
    assert hand.page.locator("#edit-viewer .percent").text_content() == "100 %"
    hand.reach("#edit-run")
    keyboard.press("Enter")
    hand.drawn("full")
    hand.reach("#edit-download")
    with hand.page.expect_download() as saving:
        keyboard.press("Enter")
    assert re.fullmatch(r"mountain\.denoise\.jpg", saving.value.suggested_filename)

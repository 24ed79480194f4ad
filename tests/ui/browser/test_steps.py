"""The panel of the steps in a browser: a page of it alone, with a plugin of this test and one of the samples."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

import pytest
import yaml
from PIL import Image

gr = pytest.importorskip("gradio", reason="gradio is missing: pip install 'vaeedit[ui]'")

from vaeedit import Session  # noqa: E402
from vaeedit.api import OperationSpec, Options, option  # noqa: E402
from vaeedit.errors import VaeeditError  # noqa: E402
from vaeedit.extension.registry import Registry, registry  # noqa: E402
from vaeedit.extension.tables import Provided  # noqa: E402
from vaeedit.pipeline.pipeline import Step  # noqa: E402
from vaeedit.settings import Settings  # noqa: E402
from vaeedit.ui.context import Context  # noqa: E402
from vaeedit.ui.edit.state import running  # noqa: E402
from vaeedit.ui.edit.steps_panel import steps_panel  # noqa: E402
from vaeedit.ui.sittings import Sittings  # noqa: E402
from vaeedit.ui.theme import css, head, theme  # noqa: E402

GRAIN = Path(__file__).parents[3] / "samples/plugins/film-grain/src"
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"> **b** [a](http://example.org)"


class StrangeOptions(Options, frozen=True):
    """Options of a stranger, whose texts are not to be trusted."""

    amount: Annotated[float, option(HOSTILE, ge=0, le=1)] = 0.25
    lut: Annotated[str, option("Any text, which may name a file.")] = "none"


def plugged():
    """The installed plugins, a sample, and a stranger's."""
    found = Registry()
    for name, table in registry().tables().items():
        for item in table.qualified.values():
            found.tables()[name].add(item)
    sys.path.insert(0, str(GRAIN))
    try:
        import film_grain
    finally:
        sys.path.remove(str(GRAIN))
    strange = OperationSpec(
        name="strange", summary=HOSTILE, target="x:Y", options=StrangeOptions, uses_vae=False
    )
    for spec, plugin in ((film_grain.vaeedit_operations()[0], "film-grain"), (strange, "acme")):
        found.operations.add(Provided(spec, plugin, plugin))
    return found


class InlineDesk:
    """Does a task at once, in this process."""

    def submit(self, sitting, task, *arguments):
        with Session() as session:
            return SimpleNamespace(result=lambda _: task(SimpleNamespace(session=session), *arguments))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A page with the panel, beside a text of the pipeline that would run, and its address."""
    sittings = Sittings(tmp_path_factory.mktemp("sittings"), lambda key: None)
    context = Context(Settings(), plugged(), None, None, InlineDesk(), sittings)

    def shown(sitting):
        try:
            return repr(running(context, sitting))
        except VaeeditError as error:
            return str(error)

    with gr.Blocks(title="steps", analytics_enabled=False) as page:
        gr.HTML('<h1 class="only-read">Steps</h1>')
        viewer = gr.Textbox(label="Pipeline", elem_id="viewer")
        steps_panel(context, viewer, shown)
    options = {"footer_links": [], "ssr_mode": False, "theme": theme(), "css": css(), "head": head()}
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **options)
    yield page, url
    page.close(verbose=False)


class Panel:
    """The panel as a user has it."""

    def __init__(self, page):
        self.page = page
        self.rows = page.locator("#edit-steps li")
        self.said = page.locator("#edit-said [role=alert]")

    def add(self, name):
        self.page.get_by_label("Add a step").click()
        self.page.get_by_role("option", name=f"{name}:").click()
        self.page.get_by_role("heading", name=name, exact=True).wait_for()

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def until(self, text):
        """Until this is the pipeline, or what is wrong with it."""
        self.page.wait_for_function(
            "text => document.querySelector('#viewer textarea').value === text", arg=text
        )

    def value(self, id):
        return self.page.locator(id).inner_text()

    def open(self, section):
        self.page.get_by_role("button", name=section).click()

    def upload(self, label, *files):
        with self.page.expect_file_chooser() as chooser:
            self.press(label)
        chooser.value.set_files([*map(str, files)])


@pytest.fixture
def panel(site, browser, request):
    page = browser.new_page(**getattr(request, "param", {"viewport": {"width": 1280, "height": 900}}))
    page.set_default_timeout(30_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(site[1])
    page.get_by_label("Add a step").wait_for()
    yield Panel(page)
    assert page.title() == "steps"
    page.close()
    assert errors == []


def test_steps_are_added_changed_moved_switched_removed_and_all_is_undone(panel):
    panel.until("")
    panel.add("denoise")
    panel.add("vary")
    panel.until("Pipeline(Step('denoise'), Step('vary'))")
    box = panel.page.get_by_label("number input for Amount")
    box.fill("2.5")
    box.blur()
    panel.until("Pipeline(Step('denoise'), Step('vary', amount=2.5))")
    panel.press("Move vary up")
    panel.until("Pipeline(Step('vary', amount=2.5), Step('denoise'))")
    panel.page.get_by_label("denoise is on").uncheck()
    panel.until("Pipeline(Step('vary', amount=2.5))")
    panel.press("Remove vary")
    panel.until("None")
    for text in ("Pipeline(Step('vary', amount=2.5))", "Pipeline(Step('vary', amount=2.5), Step('denoise'))"):
        panel.press("Undo")
        panel.until(text)
    panel.press("Redo")
    panel.until("Pipeline(Step('vary', amount=2.5))")
    assert panel.rows.locator("strong").all_inner_texts() == ["1. vary", "2. denoise"]


def test_a_slider_by_keyboard_is_one_edit(panel):
    panel.add("denoise")
    panel.page.get_by_label("range slider for Strength").focus()
    for _ in range(3):
        panel.page.keyboard.press("ArrowLeft")
    panel.until("Pipeline(Step('denoise', strength=0.94))")
    panel.press("Undo")
    panel.until("Pipeline(Step('denoise'))")
    panel.page.wait_for_function(  # the form is made again
        "document.querySelector('#edit-option-strength input[type=number]').value === '1'"
    )
    panel.page.get_by_label("Sigma: auto").uncheck()
    panel.until("Pipeline(Step('denoise', sigma=37.5))")
    panel.page.get_by_label("number input for Sigma").fill("20")
    panel.until("Pipeline(Step('denoise', sigma=20.0))")
    assert "sigma 20" in panel.rows.inner_text()


def test_forms_that_are_no_longer_shown_are_forgotten(panel, site):
    panel.add("denoise")
    panel.add("vary")
    counts = set()
    for _ in range(3):
        for name in ("1. denoise", "2. vary"):
            panel.page.get_by_role("button", name=name).click()
            panel.page.get_by_role("heading", name=name[3:], exact=True).wait_for()
        *_, state = site[0].state_holder.session_data.values()
        counts.add(len(state.blocks_config.blocks))
    assert len(counts) == 1


def test_all_of_it_by_keyboard_alone(panel):
    panel.page.get_by_label("Add a step").focus()
    panel.page.keyboard.type("vary")
    panel.page.keyboard.press("Enter")
    panel.until("Pipeline(Step('vary'))")
    panel.add("denoise")
    for key, name, text in (
        ("Enter", "Move denoise up", "Pipeline(Step('denoise'), Step('vary'))"),
        ("Space", "Move denoise down", "Pipeline(Step('vary'), Step('denoise'))"),
    ):
        panel.page.get_by_role("button", name=name).focus()
        panel.page.keyboard.press(key)
        panel.until(text)
    panel.page.get_by_label("vary is on").focus()
    panel.page.keyboard.press("Space")
    panel.until("Pipeline(Step('denoise'))")
    assert panel.page.evaluate("document.activeElement.ariaLabel") == "vary is on"


def test_wrong_values_are_said_and_change_nothing(panel):
    panel.add("style")
    panel.until("step 1 (style): style needs the picture 'style'.")
    box = panel.page.get_by_label("Weights")
    box.fill("1; 2")
    box.blur()
    panel.said.get_by_text("weights must be a list, not '1; 2'; commas separate them.").wait_for()
    box.fill("")
    box.blur()
    panel.said.wait_for(state="detached")


def test_pictures_for_a_step_are_uploaded_and_chosen(panel, tmp_path):
    for name in ("mask.png", "<b>monet.png"):
        Image.new("L", (8, 8)).save(tmp_path / name)
    panel.add("style")
    panel.upload("Upload a picture for style", tmp_path / "<b>monet.png", tmp_path / "mask.png")
    panel.until("Pipeline(Step('style', style=['bmonet.png', 'mask.png']))")
    panel.add("denoise")
    panel.open("Mask, maps and VAE")
    panel.upload("Upload a picture for mask", tmp_path / "mask.png")
    panel.page.get_by_label("Invert mask").check()
    panel.until(
        "Pipeline(Step('style', style=['bmonet.png', 'mask.png']), Step('denoise', mask='mask.png', invert_mask=True))"
    )
    assert panel.page.locator("#edit-vae").count() == 1
    panel.add("super-resolve")
    panel.open("Mask and maps")
    assert panel.page.locator("#edit-vae").count() == 0  # there is no other that suits


def test_another_vae_that_suits_and_maps_are_chosen(panel):
    panel.add("direct")
    panel.open("Toward, away, mask and VAE")
    box = panel.page.get_by_label("VAE", exact=True)
    assert box.input_value() == "photo (its own)"
    box.click()
    assert panel.page.get_by_role("option", name="denoise").count() == 0
    panel.page.get_by_role("option", name="mnist-plain").click()
    panel.until("Pipeline(Step('direct', vae='mnist-plain'))")
    panel.add("denoise")
    panel.open("Mask, maps and VAE")
    panel.page.get_by_label("uncertainty:").check()
    panel.until("Pipeline(Step('direct', vae='mnist-plain'), Step('denoise', maps=('uncertainty',)))")


def test_a_pipeline_is_exported_downloaded_and_opened_again(panel, tmp_path):
    panel.add("denoise")
    panel.add("direct")
    panel.page.get_by_label("Seed").fill("7")
    panel.until("Pipeline(Step('denoise'), Step('direct'), seed=7)")
    panel.open("Use these steps elsewhere")
    assert panel.value("#edit-command") == "vaeedit chain 'denoise | direct' in.jpg --seed 7 -o out.jpg"
    assert "Step('direct')" in panel.value("#edit-python")
    panel.press("Copy: Python")
    panel.page.get_by_text("Copied.").wait_for()
    with panel.page.expect_download() as download:
        panel.press("Save as pipeline.yaml")
    download.value.save_as(tmp_path / "pipeline.yaml")
    assert yaml.safe_load((tmp_path / "pipeline.yaml").read_text())["seed"] == 7
    panel.press("Remove denoise")
    panel.until("Pipeline(Step('direct'), seed=7)")
    panel.open("Open a pipeline or a recipe")
    panel.page.locator("#edit-open-file input").set_input_files(tmp_path / "pipeline.yaml")
    panel.until("Pipeline(Step('denoise'), Step('direct'), seed=7)")
    (tmp_path / "bad.yaml").write_text(
        "version: 1\nsteps:\n  - denoize\n  - vary: {vae: /etc/x.safetensors}\n"
    )
    panel.page.locator("#edit-open-file input").set_input_files(tmp_path / "bad.yaml")
    panel.said.get_by_text("line 3: step 1 (denoize): There is no operation called 'denoize'").wait_for()
    assert panel.rows.count() == 2


def test_the_recipe_of_an_edited_picture_is_taken(panel, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "in.png")
    with Session(seed=3) as session:
        session.run(Step("denoise", strength=0.5), tmp_path / "in.png").save(tmp_path / "out.png")
    panel.open("Open a pipeline or a recipe")
    panel.page.locator("#edit-open-file input").set_input_files(tmp_path / "out.png")
    panel.until("Pipeline(Step('restore:denoise', strength=0.5), seed=3)")
    panel.page.locator("#edit-open-file input").set_input_files(tmp_path / "in.png")
    panel.said.get_by_text("in.png does not record how it was made.").wait_for()


def test_plugins_of_others_appear_by_themselves_and_their_texts_are_text(panel, tmp_path):
    panel.add("film-grain")
    panel.until("Pipeline(Step('film-grain'))")
    for name in ("Amount", "Size", "Color"):
        panel.page.get_by_label(f"range slider for {name}").wait_for()
    panel.add("strange")
    panel.page.get_by_text(HOSTILE, exact=True).wait_for()
    assert panel.page.locator("#edit-options a, #edit-options img, .info-text a, .info-text img").count() == 0
    box = panel.page.get_by_label("Lut")
    for text in ("/etc/passwd", "../x"):
        box.fill(text)
        box.blur()
        panel.said.get_by_text(f"lut takes words and uploaded files, and '{text}' is neither").wait_for()
    (tmp_path / "warm.cube").write_text("x")
    panel.upload("Upload a file for lut", tmp_path / "warm.cube")
    panel.page.wait_for_function(
        "document.querySelector('#viewer textarea').value.endsWith(\"/inputs/warm.cube'))\")"
    )
    panel.open("Use these steps elsewhere")
    assert "--lut warm.cube" in panel.value("#edit-command")


SCREENS = [
    pytest.param(
        {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}, id=f"{width}-{scheme}"
    )
    for width, scheme in ((1280, "light"), (390, "dark"))
]


@pytest.mark.parametrize("panel", SCREENS, indirect=True)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(panel):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is missing"
    )
    for name in ("denoise", "style", "direct"):
        panel.add(name)
    for section in ("Toward", "Use these steps elsewhere", "Open a pipeline or a recipe"):
        panel.open(section)
    panel.page.locator("#edit-python").wait_for()
    found = axe.Axe().run(panel.page)
    assert not found.violations_count, found.generate_report()
    assert panel.page.evaluate("document.documentElement.scrollWidth") <= panel.page.viewport_size["width"]

"""The tab Batch in a browser: a dry run, a batch with a failure, a look at a result, and the batch on another page."""

import numpy as np

from vaeedit.image import Frame, read, write


def test_a_batch_from_the_folder_to_its_results(tab, page_server):
    root = page_server.root
    for name in ("a", "b"):
        (root / "lifted").mkdir(exist_ok=True)
        write(Frame(np.full((24, 32, 3), 90, np.uint8)), root / "lifted" / f"{name}.png")
    (root / "lifted" / "<script>alert(1)<.png").write_text("text")
    tab.get_by_role("tab", name="Batch").click()
    said = tab.locator("#batch-said")
    tab.get_by_role("button", name="Dry run").click()
    said.get_by_text("Choose a folder of pictures.").wait_for()
    _choose(tab, "#batch-folder", "lifted")
    tab.get_by_role("button", name="Dry run").click()
    said.get_by_text("steps").wait_for()  # the tab Edit has none
    tab.get_by_role("tab", name="Edit").click()
    tab.locator("#edit-operation input").click()
    tab.get_by_role("option", name="acme-lift").click()
    tab.locator("#edit-steps").get_by_text("acme-lift").first.wait_for()
    tab.get_by_role("tab", name="Batch").click()
    _choose(tab, "#batch-pipeline", "../lift.yaml")
    tab.get_by_role("button", name="Start").click()
    said.get_by_text("not a name below the root").wait_for()
    assert not (root / "lifted-edited").exists()
    _choose(tab, "#batch-pipeline", "The steps of the tab Edit")
    tab.get_by_role("button", name="Dry run").click()
    said.get_by_text("3 of 3 pictures would be edited.").wait_for()
    tab.get_by_role("button", name="Start").click()
    tab.locator("#batch-progress").get_by_text("With failures").wait_for()
    tab.locator("#batch-failures").get_by_text("is not a picture").first.wait_for()
    tab.get_by_role("button", name="Look at lifted-edited/a.png").press("Enter")
    tab.get_by_role("img", name="lifted-edited/a.png, after").wait_for()
    tab.get_by_role("slider", name="Divider").press("Home")
    assert tab.locator(".batch-pair").get_attribute("style") == "--at: 0%;"
    tab.reload()
    tab.get_by_role("tab", name="Batch").click()
    tab.get_by_role("radio", name="lifted to lifted-edited: 3 of 3, with failures").check()
    tab.get_by_role("button", name="Resume").wait_for()
    assert (read(root / "lifted-edited" / "a.png").pixels == 154).all(), "lighter by 0.25"


def _choose(tab, part, text):
    """Type into a drop-down, as the keyboard does it."""
    field = tab.locator(f"{part} input")
    field.fill(text)
    field.press("Enter")

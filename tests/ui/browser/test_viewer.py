"""The viewer in a browser, before a server that crops a picture in memory."""

import base64
import io
import itertools
import json
import time

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="gradio is missing: pip install 'vaeedit[ui]'")
stand_in = pytest.importorskip("stand_in")
COUNT = itertools.count()
WIDTH, HEIGHT, BEFORE, AFTER = stand_in.WIDTH, stand_in.HEIGHT, stand_in.BEFORE, stand_in.AFTER


class Seen:
    """The viewer as a user has it; positions are pixels of the canvas, which here are those of the page."""

    def __init__(self, page, server):
        self.page, self.server = page, server
        self.canvas, self.divider = page.locator("canvas"), page.locator(".divider")
        self.status = page.locator(".status")

    def set(self, **changes):
        """Show a new picture, or the same with `picture="..."`, as an event of the page does; returns what was sent."""
        value = {"key": "k", "picture": f"p{next(COUNT)}", "name": "a.png", "version": next(COUNT)}
        value |= {"width": WIDTH, "height": HEIGHT, "maps": [], "state": "preview", "message": "", **changes}
        self.page.locator("#value textarea").fill(json.dumps(value))
        self.page.locator("#set").click()
        return value

    def shown(self, **changes):
        """Set, and wait until it is drawn."""
        self.server.forget()
        return self.drawn(self.set(**changes))

    def drawn(self, value):
        self.until(lambda: self.page.locator(f'.viewer[data-version="{value["version"]}"]').count() == 1)
        return value

    def pixels(self):
        url = self.canvas.evaluate("canvas => canvas.toDataURL()")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))[..., :3]

    def until(self, holds):
        end = time.monotonic() + 15
        while not holds():
            assert time.monotonic() < end, f"{self.status.text_content()!r}, {self.server.asked[-1:]}"
            self.page.wait_for_timeout(20)

    def until_pixels(self, expected):
        """Until the canvas shows exactly these pixels."""
        self.until(lambda: np.array_equal(self.pixels(), expected()))

    def press(self, *keys, on=None):
        for key in keys:
            (on or self.canvas).press(key)

    def corner(self):
        """The pixel of the picture at the corner of the last question."""
        x0, y0, _, _ = self.server.asked[-1]["region"]
        return round(x0 * WIDTH), round(y0 * HEIGHT)

    def cut(self, left, right):
        """The canvas at 1:1: `left` up to the divider, `right` from there on."""
        x, y = self.corner()
        height, width = self.pixels().shape[:2]
        middle = round(int(self.divider.get_attribute("aria-valuenow")) / 100 * width)
        both = [layer[y : y + height, x : x + width] for layer in (left, right)]
        return np.concatenate([both[0][:, :middle], both[1][:, middle:]], 1)


@pytest.fixture(scope="module")
def site():
    server = stand_in.Server()
    page, url = server.start()
    yield server, url
    page.close(verbose=False)


def opened(browser, site, **options):
    server, url = site
    page = browser.new_page(**options)
    page.goto(url)
    page.locator("canvas").wait_for()
    return Seen(page, server)


@pytest.fixture(scope="module")
def small(site, browser):
    """A page whose stage is smaller than the picture."""
    return opened(browser, site, viewport={"width": 480, "height": 460})


def test_one_to_one_shows_the_pixels_of_both_and_pans_them_together(small):
    small.shown()
    small.press("1")
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    first = small.corner()
    assert (small.server.asked[-1]["width"], small.server.asked[-1]["height"]) == small.pixels().shape[1::-1]
    small.press("ArrowRight", "ArrowDown")
    small.until(lambda: small.corner() == (first[0] + 64, min(first[1] + 64, HEIGHT - len(small.pixels()))))
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    box = small.canvas.bounding_box()
    small.page.mouse.move(box["x"] + 50, box["y"] + 50)
    small.page.mouse.down()
    small.page.mouse.move(box["x"] + 83, box["y"] + 61, steps=3)
    small.page.mouse.up()
    small.until(lambda: small.corner()[0] == first[0] + 64 - 33)
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))


def test_while_it_waits_it_shows_the_whole_picture_coarsely_where_it_has_no_pixels(small):
    small.shown()
    assert small.server.asked[-1]["region"] == [0, 0, 1, 1]
    asked = len(small.server.asked)
    small.server.gate.clear()
    small.press("1")
    small.until(lambda: len(small.server.asked) > asked)
    left, right = small.pixels()[:, 100], small.pixels()[:, -100]
    x, y = small.corner()
    rows = slice(y, y + len(left))
    assert np.abs(left.astype(int) - BEFORE[rows, x + 100])[..., :2].mean() < 8
    assert np.abs(right.astype(int) - AFTER[rows, x + small.pixels().shape[1] - 100])[..., :2].mean() < 8
    small.server.gate.set()


def test_while_it_waits_it_shows_the_last_pixels_moved(small):
    small.shown()
    small.press("1")
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    before, asked = small.pixels(), len(small.server.asked)
    small.server.gate.clear()
    small.press("ArrowLeft")
    small.until(lambda: len(small.server.asked) > asked)
    assert np.array_equal(small.pixels()[:, 64:110], before[:, :46])
    assert small.page.locator(".stage").get_attribute("aria-busy") == "true"
    small.server.gate.set()
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))


def test_the_divider_is_a_slider(small):
    small.shown()
    small.press("1")
    small.press("End", on=small.divider)
    small.until_pixels(lambda: small.cut(BEFORE, BEFORE))
    small.press("Home", on=small.divider)
    small.until_pixels(lambda: small.cut(AFTER, AFTER))
    small.press("PageUp", "ArrowRight", "ArrowRight", "ArrowLeft", on=small.divider)
    assert small.divider.get_attribute("aria-valuenow") == "11"
    assert small.divider.get_attribute("aria-valuetext") == "11 % before, 89 % after"
    box, knob = small.canvas.bounding_box(), small.divider.bounding_box()
    small.page.mouse.move(knob["x"] + knob["width"] / 2, knob["y"] + 20)
    small.page.mouse.down()
    small.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 20, steps=3)
    small.page.mouse.up()
    assert small.divider.get_attribute("aria-valuenow") == "70"
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    small.divider.press("Home")
    for _ in range(5):
        small.divider.press("PageUp")


def test_the_wheel_zooms_at_the_pointer(small):
    small.shown()
    small.press("1")
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    x, y = 60, 70
    old = stand_in.place(small.pixels()[y, x])
    box = small.canvas.bounding_box()
    small.page.mouse.move(box["x"] + x, box["y"] + y)
    small.page.mouse.wheel(0, -700)
    small.until(lambda: small.page.locator(".percent").text_content() != "100 %")
    small.until(lambda: small.page.locator(".stage").get_attribute("aria-busy") == "false")
    new = stand_in.place(small.pixels()[y, x])
    assert abs(new[0] - old[0]) <= 1
    assert abs(new[1] - old[1]) <= 1
    asked = small.server.asked[-1]
    assert asked["width"] == round((asked["region"][2] - asked["region"][0]) * WIDTH)


def test_the_keys_zoom_and_hold_shows_the_original(small):
    small.shown()
    fit = small.page.locator(".percent").text_content()
    small.press("+", "+", "+")
    assert small.page.locator(".percent").text_content() != fit
    small.press("0")
    assert small.page.locator(".percent").text_content() == fit
    small.press("1")
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    small.canvas.focus()
    small.page.keyboard.down(" ")
    small.until_pixels(lambda: small.cut(BEFORE, BEFORE))
    small.page.keyboard.up(" ")
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    small.page.locator(".hold").hover()
    small.page.mouse.down()
    small.until_pixels(lambda: small.cut(BEFORE, BEFORE))
    small.page.mouse.up()
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    small.canvas.dblclick(position={"x": 40, "y": 40})
    assert small.page.locator(".percent").text_content() == fit


def test_a_reply_that_is_older_than_what_is_drawn_is_dropped(small):
    value = small.shown()
    small.press("1")
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    small.server.forget()
    old = {"layers": {"after": stand_in.data_url(np.zeros((8, 8, 3), np.uint8))}}
    small.server.change = lambda asked, reply: reply if asked["version"] == 2001 else reply | old
    small.server.gate.clear()
    small.set(**value | {"version": 2000})
    small.until(lambda: len(small.server.asked) == 1)
    assert small.server.asked[0]["layers"] == ["after"]  # the original is as it was
    small.set(**value | {"version": 2001})
    small.until(
        lambda: small.server.asked[-1]["version"] == 2001
    )  # it does not wait for ever for the older one
    small.server.gate.set()
    small.until(lambda: small.server.answered == len(small.server.asked) == 2)
    small.until(lambda: small.page.locator(".viewer").get_attribute("data-version") == "2001")
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    small.server.change = lambda asked, reply: reply | {"version": 2000} | old
    small.set(**value | {"version": 2002})
    small.until(lambda: small.server.answered == 3)
    small.until(lambda: small.page.locator(".stage").get_attribute("aria-busy") == "false")
    assert np.array_equal(small.pixels(), small.cut(BEFORE, AFTER))
    assert small.page.locator(".viewer").get_attribute("data-version") == "2001"


def test_while_a_slider_moves_the_replies_are_drawn(small):
    value = small.shown()
    small.server.gate.clear()
    small.set(**value | {"version": 3000})
    small.until(lambda: small.server.asked[-1]["version"] == 3000)
    small.set(**value | {"version": 3001, "name": "b.png"})
    small.until(lambda: small.canvas.get_attribute("aria-label") == "Picture b.png")
    small.page.evaluate("""() => {
      const viewer = document.querySelector(".viewer");
      window.versions = [];
      new MutationObserver(() => window.versions.push(viewer.dataset.version)).observe(viewer, { attributes: true });
    }""")
    alone = small.server.asked[-1]["version"] == 3000
    small.server.gate.set()
    small.until(lambda: small.page.evaluate("window.versions.at(-1)") == "3001")
    assert "3000" in small.page.evaluate("window.versions") or not alone  # a slow machine has asked for both


def test_while_the_picture_moves_one_question_is_open(small):
    small.shown()
    small.press("1")
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    asked = len(small.server.asked)
    small.press(*["ArrowRight", "ArrowLeft"] * 10, "ArrowRight")
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    assert len(small.server.asked) - asked < 21


@pytest.mark.parametrize(("scales", "rounds"), [([0.3, 0.6, 1], 3), ([0.5, 0.4, 0.4, 0.4], 4)])
def test_a_coarse_answer_is_asked_for_again(small, scales, rounds):
    small.server.forget()
    small.server.change = lambda asked, reply: reply | {"scale": scales[asked["finer"]]}
    small.drawn(small.set())
    small.until(lambda: len(small.server.asked) == rounds)
    small.until(lambda: small.page.locator(".stage").get_attribute("aria-busy") == "false")
    assert [asked["finer"] for asked in small.server.asked] == [*range(rounds)]


def test_an_answer_that_is_coarser_than_the_last_is_not_drawn(small):
    coarse = stand_in.data_url(np.zeros((8, 8, 3), np.uint8))
    small.server.forget()
    small.server.change = lambda asked, reply: (
        reply
        | (
            {"scale": 0.2, "layers": {"before": coarse, "after": coarse}}
            if asked["finer"]
            else {"scale": 0.9}
        )
    )
    small.drawn(small.set())
    small.until(lambda: len(small.server.asked) == 4)
    small.until(lambda: small.page.locator(".stage").get_attribute("aria-busy") == "false")
    assert small.pixels()[small.pixels().shape[0] // 2].sum() > 10_000


def test_a_map_lies_over_the_result_in_colors_with_its_range(small):
    small.shown(maps=["uncertainty"])
    small.press("1")
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    small.page.get_by_label("Map").select_option("uncertainty")
    small.page.get_by_label("Opacity").fill("100")
    small.until(lambda: not np.array_equal(small.pixels(), small.cut(BEFORE, AFTER)))
    assert small.server.asked[-1]["layers"] == ["uncertainty"]
    colored, columns = small.pixels(), small.corner()[0] + np.arange(small.pixels().shape[1])
    middle = colored.shape[1] // 2
    assert np.array_equal(colored[:, :middle], small.cut(BEFORE, AFTER)[:, :middle])
    brightness = (colored[0] @ [0.2, 0.7, 0.1])[middle:][np.argsort(columns[middle:] % 256)]
    assert (np.diff(brightness) >= -1).all()
    assert brightness[-1] > brightness[0] + 100
    assert small.page.locator(".low").text_content() == "0"
    assert small.page.locator(".high").text_content() == "0.25"
    small.page.get_by_label("Opacity").fill("0")
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    small.page.get_by_label("Map").select_option("")


def test_names_and_sentences_are_text(small):
    evil = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>${window.hacked=1}{{x}}.png"
    small.server.change = lambda asked, reply: reply | {"note": evil, "error": ""}
    small.set(name=evil, message=evil, maps=[evil])
    small.until(lambda: (small.status.text_content() or "").count(evil) == 2)
    assert small.canvas.get_attribute("aria-label") == f"Picture {evil}"
    assert small.page.evaluate("window.hacked") is None
    assert small.page.locator(".viewer img, .viewer script").count() == 0


def test_an_error_is_said_and_the_pixels_stay(small):
    value = small.shown()
    small.press("1")
    small.until_pixels(lambda: small.cut(BEFORE, AFTER))
    drawn = small.pixels()
    small.server.change = lambda asked, reply: reply | {"layers": {}, "error": "The VAE is missing."}
    small.set(**value | {"version": next(COUNT)})
    small.until(lambda: "The VAE is missing." in small.status.text_content())
    assert np.array_equal(small.pixels(), drawn)
    small.server.change = lambda asked, reply: (
        reply
        | {"layers": {"before": reply["layers"]["before"]}, "error": "The VAE is missing.", "scale": 1.0}
    )
    small.set()
    small.until(lambda: small.server.asked[-1]["region"] == [0, 0, 1, 1])
    small.until(lambda: small.pixels()[small.pixels().shape[0] // 2].any())
    small.shown()
    small.until(lambda: "The VAE is missing." not in small.status.text_content())


def test_a_picture_alone_has_no_divider_and_nothing_says_why(small):
    small.shown(layers=["after"], state="")
    small.press("1")
    small.until_pixels(lambda: small.cut(AFTER, AFTER))
    assert not small.divider.is_visible()
    assert not small.page.locator(".hold").is_visible()
    small.set(width=0, message="Choose a picture.")
    small.until(lambda: small.page.get_by_text("Choose a picture.").is_visible())
    assert not small.pixels().any()


def test_a_larger_result_keeps_the_place(small):
    value = small.shown()
    small.press("1", "+")
    small.until(lambda: small.server.asked[-1]["region"][2] - small.server.asked[-1]["region"][0] < 0.6)
    old = small.server.asked[-1]["region"]
    small.set(**value | {"version": next(COUNT), "width": 2 * WIDTH, "height": 2 * HEIGHT})
    small.until(lambda: small.server.asked[-1]["version"] > value["version"])
    assert np.abs(np.subtract(small.server.asked[-1]["region"], old)).max() < 2 / WIDTH


def test_a_reply_may_say_that_the_result_is_larger(small):
    small.server.forget()
    small.server.change = lambda asked, reply: reply | {"size": [2 * WIDTH, 2 * HEIGHT]}
    value = small.drawn(small.set())
    small.until(lambda: f"{2 * WIDTH} × {2 * HEIGHT}" in (small.status.text_content() or ""))
    small.press("1")
    small.until(lambda: small.server.asked[-1]["region"][2] - small.server.asked[-1]["region"][0] < 0.5)
    small.until(lambda: small.page.locator(".stage").get_attribute("aria-busy") == "false")
    asked = len(small.server.asked)
    small.set(**value | {"version": next(COUNT)})
    small.until(lambda: len(small.server.asked) > asked)
    small.until(lambda: small.page.locator(".stage").get_attribute("aria-busy") == "false")
    assert len(small.server.asked) == asked + 1
    assert small.page.locator(".percent").text_content() == "100 %"


def touch(seen, kind, *points):
    box = seen.canvas.bounding_box()
    at = [{"x": box["x"] + x, "y": box["y"] + y, "id": number} for number, (x, y) in enumerate(points)]
    seen.cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})


@pytest.fixture(scope="module")
def phone(site, browser):
    options = {"viewport": {"width": 390, "height": 800}, "device_scale_factor": 2, "has_touch": True}
    seen = opened(browser, site, **options, color_scheme="dark")
    seen.cdp = seen.page.context.new_cdp_session(seen.page)
    return seen


def test_fingers_zoom_at_their_middle_on_a_sharp_screen(phone):
    phone.shown()
    assert phone.pixels().shape[1] == round(2 * phone.canvas.bounding_box()["width"])
    phone.press("End", on=phone.divider)
    y, x = (side // 2 for side in phone.pixels().shape[:2])
    old = stand_in.place(phone.pixels()[y, x])
    for kind, spread in (("touchStart", 20), ("touchMove", 40), ("touchMove", 80)):
        touch(phone, kind, (x / 2 - spread, y / 2), (x / 2 + spread, y / 2))
    touch(phone, "touchEnd")
    phone.until(lambda: phone.page.locator(".percent").text_content() == "400 %")
    phone.until(lambda: phone.page.locator(".stage").get_attribute("aria-busy") == "false")
    new = stand_in.place(phone.pixels()[y, x])
    assert np.abs(np.subtract(old, new)).max() <= 1
    touch(phone, "touchStart", (x / 2, y / 2))
    touch(phone, "touchMove", (x / 2 - 20, y / 2 - 30))
    touch(phone, "touchEnd")
    phone.until(lambda: stand_in.place(phone.pixels()[y, x]) == (new[0] + 10, new[1] + 15))
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_axe_finds_nothing(small, phone):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is missing"
    )
    for seen in (small, phone):
        seen.shown(maps=["uncertainty"])
        seen.page.get_by_label("Map").select_option("uncertainty")
        seen.page.get_by_label("Opacity").wait_for()
        seen.until(lambda seen=seen: "pixels" in (seen.status.text_content() or ""))
        found = axe.Axe().run(seen.page, context=".viewer")
        assert found.violations_count == 0, found.generate_report()
        seen.page.get_by_label("Map").select_option("")


def test_the_picture_fills_the_screen(small):
    small.shown()
    height = small.canvas.bounding_box()["height"]
    small.page.get_by_role("button", name="Full screen").click()
    small.until(lambda: small.canvas.bounding_box()["height"] > height + 20)
    small.until(lambda: abs(small.pixels().shape[0] - small.canvas.bounding_box()["height"]) <= 0.5)
    small.page.get_by_role("button", name="Full screen", pressed=True).click()
    small.until(lambda: small.canvas.bounding_box()["height"] == height)

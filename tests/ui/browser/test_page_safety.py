"""What a browser may do with the page: log in, run no script from elsewhere, and free everything when a tab closes."""

import socket
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

pytest.importorskip("gradio", reason="gradio is missing: pip install 'vaeedit[ui]'")
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from vaeedit.ui.guard import Guard

SAMPLES = Path(__file__).parents[3] / "samples/images"
TOKEN = "a secret"


@pytest.fixture(scope="module")
def guarded():
    """The address of the guard with a token, around a stand-in for the page."""

    async def inside(_):
        return HTMLResponse("<h1>inside</h1>")

    @contextmanager
    def watched(_):
        yield

    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    guard = Guard(Starlette(routes=[Route("/{path:path}", inside)]), "127.0.0.1", port, TOKEN, "", watched)
    server = uvicorn.Server(uvicorn.Config(guard, log_level="critical", timeout_graceful_shutdown=1))
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join()


@pytest.fixture
def visitor(browser):
    """An empty tab without cookies."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("way", ["typed", "a link of another page", "the form"])
def test_the_token_opens_the_page_and_leaves_the_address(guarded, visitor, way):
    if way == "typed":
        visitor.goto(f"{guarded}?token=a+secret")
    elif way == "the form":
        visitor.goto(guarded)
        visitor.get_by_label("The token").fill("wrong")
        visitor.keyboard.press("Enter")
        visitor.get_by_text("This token is wrong.").wait_for()
        visitor.get_by_label("The token").fill(TOKEN)
        visitor.get_by_role("button", name="Open the page").click()
    else:
        visitor.set_content(f'<a href="{guarded}?token=a+secret">Look at this.</a>')
        visitor.get_by_role("link").click()
    visitor.get_by_role("heading", name="inside").wait_for()
    assert visitor.url == guarded
    assert visitor.evaluate("document.cookie") == ""


def test_axe_finds_nothing_on_the_login_page(guarded, visitor):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is missing"
    )
    visitor.goto(guarded)
    found = axe.Axe().run(visitor)
    assert not found.violations_count, found.generate_report()


def test_scripts_and_addresses_from_elsewhere_are_blocked(page_server, visitor):
    asked = []
    visitor.on("request", lambda one: asked.append(one.url))
    visitor.goto(page_server.url)
    visitor.get_by_role("tab", name="Edit").wait_for()
    asked.clear()
    result = visitor.evaluate(
        """async () => {
            const tried = [];
            document.addEventListener('securitypolicyviolation', (event) => tried.push(event.effectiveDirective));
            document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.ran = 1">');
            const script = document.createElement('script');
            script.textContent = 'window.ran = 2';
            document.body.append(script);
            for (const [tag, name] of [['script', 'src'], ['img', 'src'], ['iframe', 'src'], ['link', 'href']]) {
                const part = document.createElement(tag);
                part.rel = 'stylesheet';
                part[name] = 'http://192.0.2.1/from-elsewhere';
                document.body.append(part);
            }
            await fetch('http://192.0.2.1/data').catch(() => {});
            while (tried.length < 7) await new Promise((done) => setTimeout(done, 20));
            return { ran: window.ran ?? null, tried: tried.sort() };
        }"""
    )
    assert result["ran"] is None
    assert result["tried"] == [
        "connect-src", "frame-src", "img-src", "script-src-attr", "script-src-elem", "script-src-elem", "style-src-elem",
    ]  # fmt: skip
    assert not [one for one in asked if not one.startswith((page_server.url, "data:", "http://192.0.2.1/"))]


def test_another_page_reaches_nothing(page_server, visitor):
    visitor.goto("data:text/html,<title>another</title>")
    said = visitor.evaluate(
        """async (address) => {
            const found = [];
            for (const path of ['', 'gradio_api/queue/data?session_hash=a', 'gradio_api/upload'])
                found.push(await fetch(address + path).then((reply) => reply.status, () => 'blocked'));
            const frame = document.createElement('iframe');
            frame.src = address;
            document.body.append(frame);
            await new Promise((done) => (frame.onload = done));
            return found;
        }""",
        page_server.url,
    )
    assert said == ["blocked"] * 3
    assert "vaeedit" not in visitor.frames[-1].content()


def test_closing_a_tab_removes_its_files(page_server, browser):
    (folder,) = page_server.temporary.glob("vaeedit-ui-*")

    def sittings():
        return {path.name for path in folder.iterdir()} - {"cache"}

    before = sittings()
    context = browser.new_context()
    page = context.new_page()
    page.goto(page_server.url)
    name = "<img src=x onerror=document.title=1>.jpg"
    data = (SAMPLES / "box-iso1600.jpg").read_bytes()
    page.locator("#pictures-drop input[type=file]").set_input_files(
        {"name": name, "mimeType": "image/jpeg", "buffer": data}
    )
    page.locator(".strip img").wait_for()
    assert page.title() != "1"
    assert page.locator("img[src=x]").count() == 0
    assert len(sittings()) == len(before) + 1
    context.close()
    end = monotonic() + 60
    while sittings() != before:
        assert monotonic() < end, "the files of the tab stay"
        sleep(0.05)

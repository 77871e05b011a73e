"""JupyterLab in a real browser: notebooks run, sliders move, and what is drawn changes."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = "--no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update"
QUIET += " --disable-sync --enable-unsafe-swiftshader"  # WebGL without a graphics card
HARMLESS = re.compile(r"favicon|swiftshader|GPU stall|WebGL-.*performance|DevTools", re.I)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here (apt-get install chromium)")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab, on loopback and with a token, over a copy of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)  # all cells in the page, also those that are not on the screen
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(8)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root"]
    command += [f"--IdentityProvider.token={token}", f"--notebook-dir={folder / 'notebooks'}"]
    command += ["--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    environment = os.environ | {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(240):
        try:
            urlopen(f"http://127.0.0.1:{port}/api?token={token}", timeout=5).close()
            break
        except OSError:
            time.sleep(0.5)
    yield lambda name: f"http://127.0.0.1:{port}/lab/tree/{name}?reset&token={token}"
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    """A page that remembers what its console complained of."""
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.complaints = []
    page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: page.complaints.append(str(e)))
    yield page
    page.close()


PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(e => e.innerText)"


def run_all(page, address: str) -> None:
    """Open a notebook, run every cell, and see that none failed."""
    page.goto(address)
    page.wait_for_selector(".jp-Notebook", timeout=120_000)
    idle = "[...document.querySelectorAll('#jp-main-statusbar *')].some(e => /\\| Idle/.test(e.textContent))"
    page.wait_for_function(idle, timeout=120_000)
    for _ in range(5):  # a kernel that has just become idle may still drop the request
        page.wait_for_timeout(2000)
        page.click(".lm-MenuBar-itemLabel:text-is('Run')")
        page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
        page.wait_for_timeout(2000)
        if page.evaluate(f"() => {PROMPTS}.some(t => /[\\d*]/.test(t))"):
            break
    failed = "document.querySelector('.jp-OutputArea-output[data-mime-type*=error]')"
    page.wait_for_function(f"() => {failed} || {PROMPTS}.every(t => /\\[\\d+\\]/.test(t))", timeout=240_000)
    assert page.evaluate(f"() => {failed}?.innerText") is None
    page.wait_for_timeout(3000)


def seen(page, selector: str, index: int = 0) -> bytes:
    """The pixels of an element, scrolled to."""
    element = page.locator(selector).nth(index)
    element.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)
    return element.screenshot()


def move(page, label: str, presses: int) -> None:
    """Push the slider of this label to the right."""
    slider = page.locator(f".widget-hslider:has(.widget-label:text-is('{label}'))").first
    slider.locator("[role=slider]").focus()
    for _ in range(presses):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(2500)


def complaints(page) -> list[str]:
    return [text for text in page.complaints if not HARMLESS.search(text)]


@pytest.mark.timeout(600)
def test_tour(lab, browser, page):
    run_all(page, lab("00_tour.ipynb"))
    picture = ".widget-image"
    before = seen(page, picture)
    move(page, "yaw (°)", 15)
    assert seen(page, picture) != before
    canvas = ".jp-OutputArea-output canvas"
    assert page.locator(canvas).count() >= 1
    head = seen(page, "canvas[data-engine], .jupyter-widgets canvas", -1)
    box = page.locator("canvas[data-engine], .jupyter-widgets canvas").last.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 90, box["y"] + box["height"] / 2, steps=6)
    page.mouse.up()
    assert seen(page, "canvas[data-engine], .jupyter-widgets canvas", -1) != head
    assert page.locator(".js-plotly-plot").count() == 1
    assert complaints(page) == []

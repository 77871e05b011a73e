"""JupyterLab in a real browser: notebooks run, sliders move, and what is drawn changes."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = "--no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update"
QUIET += " --disable-sync --enable-unsafe-swiftshader"  # WebGL without a graphics card
HARMLESS = re.compile(r"favicon|swiftshader|GPU stall|WebGL-.*performance|DevTools", re.I)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here (apt-get install chromium)")


@contextmanager
def serving(command: list[str], folder: Path, token: str, ready: str):
    """Address of a Jupyter server that runs as long as the block does, on loopback; ``ready`` is a path of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")}
    command = [sys.executable, "-m", *command, f"--port={port}", "--no-browser"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urlopen(f"{address}/{ready}?token={token}", timeout=5).close()
            break
        except OSError:
            time.sleep(0.5)
    yield address
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Addresses of notebooks, copied, in a JupyterLab."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)  # all cells in the page, also those that are not on the screen
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    token = secrets.token_hex(8)
    command = ["jupyterlab", "--ip=127.0.0.1", "--allow-root", f"--notebook-dir={folder / 'notebooks'}"]
    command += [f"--IdentityProvider.token={token}", "--LabApp.news_url="]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    with serving(command, folder, token, "api") as address:
        yield lambda name: f"{address}/lab/tree/{name}?reset&token={token}"


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
    page.set_default_timeout(120_000)  # milliseconds: other tests run beside
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


def changes(page, selector: str, act, index: int = 0) -> bool:
    """Whether an element looks otherwise after an act."""
    before = seen(page, selector, index)
    act()
    return seen(page, selector, index) != before


def drag(page, selector: str, start: tuple[float, float], by: tuple[float, float], index: int = 0) -> None:
    """Press in an element, at shares of its width and height, and pull by pixels in many small moves."""
    element = page.locator(selector).nth(index)
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    x, y = box["x"] + start[0] * box["width"], box["y"] + start[1] * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0], y + by[1], steps=25)
    page.mouse.up()
    page.wait_for_timeout(1000)


HEAD = "canvas[data-engine], .jupyter-widgets canvas"  # pythreejs; the older Three.js does not sign its canvas
PLOT = ".js-plotly-plot .main-svg"
CENTRE = (0.5, 0.5)
NOSE = (0.643, 0.444)  # of the explorer's profile


@pytest.mark.timeout(600)
def test_tour(lab, page):
    run_all(page, lab("00_tour.ipynb"))
    assert changes(page, ".widget-image", lambda: move(page, "yaw (°)", 15))
    assert changes(page, HEAD, lambda: drag(page, HEAD, CENTRE, (90, 0), -1), -1)
    assert changes(page, PLOT, lambda: drag(page, PLOT, CENTRE, (90, 20)))
    assert complaints(page) == []


@pytest.mark.timeout(600)
def test_warp(lab, page):
    run_all(page, lab("06_opengl_warp.ipynb"))
    picture = ".widget-image"
    assert changes(page, picture, lambda: move(page, "m3", 40))
    assert changes(page, picture, lambda: move(page, "yaw (°)", 20))
    assert changes(page, picture, lambda: page.select_option(".widget-dropdown select >> nth=0", "head at +45°"))
    assert complaints(page) == []


@pytest.mark.timeout(600)
def test_depthcorr(lab, page):
    run_all(page, lab("05_depthcorr.ipynb"))
    picture = ".widget-image"
    assert changes(page, picture, lambda: move(page, "keypoint", 5))
    assert changes(page, picture, lambda: page.select_option(".widget-dropdown select >> nth=1", "left"))
    assert changes(page, picture, lambda: page.select_option(".widget-dropdown select >> nth=0", "true depth"))
    assert complaints(page) == []


@pytest.mark.timeout(600)
def test_beyond_the_paper(lab, page):
    run_all(page, lab("08_beyond_the_paper.ipynb"))
    assert changes(page, ".widget-image", lambda: move(page, "b: tilt in x", 8))
    assert changes(page, ".widget-image", lambda: move(page, "a: scale and sign", 12))
    assert complaints(page) == []


@pytest.mark.timeout(600)
def test_app(page, tmp_path):
    """`make app`: the explorers through Voila, dragged fast; the kernel says nothing of it."""
    token = secrets.token_hex(8)
    command = ["voila", "--Voila.ip=127.0.0.1", f"--token={token}", str(ROOT / "notebooks/app/explorers.ipynb")]
    page.route("**/*jsdelivr.net/**", lambda route: route.fulfill(body="", content_type="text/css"))  # icons
    with serving(command, tmp_path, token, "static/voila-style.js") as address:
        assert "Explorers" not in page.request.get(address).text()  # not without the token
        page.goto(f"{address}/?token={token}", timeout=180_000)
        page.wait_for_selector(".depth-profile", timeout=180_000)
        page.wait_for_selector(".js-plotly-plot", timeout=120_000)
        page.wait_for_timeout(3000)
        solve = page.locator(".widget-checkbox input").first
        assert solve.is_checked()
        assert changes(page, ".explorer-picture", lambda: drag(page, ".depth-profile", NOSE, (-80, 0)))
        assert solve.is_checked()
        assert changes(page, ".depth-profile", lambda: page.click("button:text-is('flat')"))
        assert changes(page, ".widget-image >> nth=0", lambda: move(page, "yaw (°)", 10))
        assert changes(page, ".explorer-picture", lambda: move(page, "m1", 30))
        assert not solve.is_checked()
        assert changes(page, HEAD, lambda: drag(page, HEAD, CENTRE, (90, 0), -1), -1)
        assert page.locator("[data-mime-type*=stderr], [data-mime-type*=error]").count() == 0
    assert complaints(page) == []


@pytest.mark.timeout(900)
def test_keypoints(lab, page):
    """Branches turn off, sliders make a photo harder, and a point is dragged, put back and saved."""
    from skimage.data import astronaut

    from depthnet_lib.keypoints import find_face
    from depthnet_lib.keypoints.editor import KeypointEditor

    run_all(page, lab("02_keypoints.ipynb"))
    coarsest = page.locator("button:has-text('5 x 5')").first
    assert changes(page, ".widget-image", coarsest.click)
    assert changes(page, ".widget-image", lambda: move(page, "covered", 6), 1)

    photo, canvas = astronaut(), ".jp-OutputArea-output canvas"
    editor = KeypointEditor(photo, find_face(photo, "rcn").points)
    nose = tuple((value + 0.5) / editor.size for value in editor.view_points[30])
    status = page.locator("div:has(> button:text-is('Undo')) > span")
    drag(page, canvas, nose, (0, 0), -1)
    assert status.inner_text() == "point 30"
    drawn = lambda: page.locator(canvas).last.evaluate("canvas => canvas.toDataURL()")  # noqa: E731
    untouched = drawn()
    assert changes(page, canvas, lambda: drag(page, canvas, nose, (40, 25), -1), -1)
    page.locator("button:text-is('Undo')").click()
    page.wait_for_timeout(1500)
    assert drawn() == untouched
    page.locator("button:text-is('Save')").click()
    page.wait_for_timeout(2000)
    assert status.inner_text() == "saved astronaut.txt"
    assert complaints(page) == []

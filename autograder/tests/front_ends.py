"""What a student sees in a real front end: hw1 in JupyterLab or Notebook 7, in a real browser.

`python -m autograder.tests.front_ends FOLDER` leaves a picture of each scene there, light and dark.
Needs playwright and chromium.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import autograder
from autograder.authoring.fill import released
from autograder.tests.classroom import cell, copied

HOME = Path(autograder.__file__).parents[1] / "assignments" / "hw1_dropout"
PLACES = {"jupyterlab": ("LabApp", "lab/tree"), "notebook": ("JupyterNotebookApp", "notebooks")}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
QUIET = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
         "--disable-background-networking")
MORE_QUIET = "--disable-component-update --disable-sync"

# the editor indents
TYPED = ("def keep_mask(shape, p, rng):\nif not 0 <= p <= 1:\nraise ValueError('p')\n"
         "\breturn rng.random(shape) >= p")
UNSCALED = ("def dropout_forward(x, p, rng, train=True):\n    print('shape', x.shape)\n"
            "    if not train:\n        return x, None\n    mask = keep_mask(x.shape, p, rng)\n"
            "    out = x * mask\n    return out.astype(x.dtype), mask\n")
MOMENTS = (
    "def dropout_moments(x, p):\n    if not 0 <= p < 1:\n        raise ValueError('p')\n"
    "    return x.copy(), (x ** 2 * p / (1 - p)).astype(x.dtype)\n"
)
ANSWERS = {
    "dropout_forward": UNSCALED,
    "vanilla_forward": "def vanilla_forward(x, p, rng, train=True:\n    return x, None\n",
    "dropout_moments": MOMENTS,
}
SCENES = {  # check cell -> what stands there
    "keep_mask": "all 4 parts, 3 of 3 points in reach",  # a right answer
    "dropout_forward": "3 of 5 parts, 2.4 of 4 points in reach",  # a wrong one
    "dropout_backward": "dropout_backward is not written yet",  # none
    "vanilla_forward": "SyntaxError at line 1",
    "dropout_moments": "all 3 parts, 1 of 1 points in reach",  # its cell is there twice
}

RUN = """async ([grade_id]) => {
  const panel = window.jupyterapp.shell.currentWidget, cells = [...panel.content.model.cells];
  const index = cells.findIndex(c => (c.getMetadata('nbgrader') || {}).grade_id == grade_id);
  panel.content.activeCellIndex = index;
  await window.jupyterapp.commands.execute('notebook:run-cell');
  return index;
}"""
READY = """() => { const w = window.jupyterapp && window.jupyterapp.shell.currentWidget;
  return !!(w && w.sessionContext && w.sessionContext.session && w.sessionContext.session.kernel
    && w.sessionContext.session.kernel.status == 'idle'
    && w.content.widgets && w.content.widgets.length > 20); }"""
# what is wider than the place it has, and text of little contrast, below a cell
LOOK = """(cell) => {
  const rgba = s => { const n = (s.match(/[\\d.]+/g) || []).map(Number);
    return s.startsWith('color(srgb') ? [n[0]*255, n[1]*255, n[2]*255, n.length > 3 ? n[3] : 1]
                                      : [n[0], n[1], n[2], n.length > 3 ? n[3] : 1]; };
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3]));
  const light = c => { const [r, g, b] = c.map(v => { v /= 255;
      return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const wide = [], faint = []; let texts = 0;
  for (const area of cell.querySelectorAll('.jp-RenderedHTMLCommon.jp-OutputArea-output')) {
    const right = area.getBoundingClientRect().right;
    for (const e of area.querySelectorAll('*')) {
      if (!e.checkVisibility()) continue;
      if (e.getBoundingClientRect().right > right + 1)
        wide.push(e.tagName + ': ' + e.textContent.slice(0, 60));
      const own = [...e.childNodes].filter(n => n.nodeType == 3 && n.data.trim())
        .map(n => n.data).join(' ');
      if (!own) continue;
      const layers = []; let opacity = 1;
      for (let p = e; p; p = p.parentElement) { const s = getComputedStyle(p);
        layers.push(rgba(s.backgroundColor)); opacity *= Number(s.opacity); }
      let back = [255, 255, 255];
      for (const layer of layers.reverse()) back = over(layer, back);
      const colour = rgba(getComputedStyle(e).color); colour[3] *= opacity;
      const [a, b] = [light(over(colour, back)), light(back)].sort((x, y) => y - x);
      const ratio = (a + 0.05) / (b + 0.05);
      if (own.trim().length > 1) {
        texts += 1; if (ratio < 4.5) faint.push(ratio.toFixed(1) + ' ' + own.slice(0, 60)); }
    }
  }
  return {wide, faint, texts};
}"""


@dataclass(frozen=True)
class Seen:
    """What stands below one check cell."""

    text: str  # that is visible
    wide: list[str]  # what is wider than its place
    faint: list[str]  # text with less contrast than 4.5
    texts: int  # how many pieces of text were looked at


def notebook() -> dict[str, Any]:
    """hw1 with an answer of each kind in it; the first is to be typed."""
    found = released(HOME / "hw1_dropout.ipynb")
    for name, source in ANSWERS.items():
        cell(found, name)["source"] = source
    twice = cell(found, "dropout_moments")
    where = next(n for n, c in enumerate(found["cells"])
                 if c["metadata"].get("nbgrader", {}).get("grade_id") == "dropout_moments")
    found["cells"].insert(where + 1, copied(twice))
    return found


def folder(root: Path) -> Path:
    """The folder of hw1 as a student has it."""
    place = root / "hw1_dropout"
    shutil.copytree(HOME, place, ignore=shutil.ignore_patterns("__pycache__"))
    (place / "hw1_dropout.ipynb").write_text(json.dumps(notebook()), encoding="utf-8")
    return place


@contextlib.contextmanager
def served(front: str, theme: str, root: Path) -> Iterator[str]:
    """A server of that front end in `root`; the address of the notebook."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app, path = PLACES[front]
    settings = root / "settings" / "@jupyterlab"
    for name, value in (
        ("apputils-extension/themes", {"theme": THEMES[theme]}),
        ("apputils-extension/notification", {"fetchNews": "false"}),
        ("notebook-extension/tracker", {"windowingMode": "none"}),
    ):
        file = settings / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value), encoding="utf-8")
    words = [sys.executable, "-m", front, "--no-browser", "--allow-root",
             "--ServerApp.port_retries=0", f"--ServerApp.port={port}"]
    words += [f"--ServerApp.root_dir={root}", "--IdentityProvider.token=", "--ServerApp.password=",
              f"--{app}.expose_app_in_browser=True"]
    words += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTEST"))}
    environment |= {"HOME": str(root), "JUPYTER_CONFIG_DIR": str(root / "config"),
                    "JUPYTERLAB_SETTINGS_DIR": str(root / "settings")}
    with open(root / "server.log", "w") as log:
        process = subprocess.Popen(words, cwd=root, env=environment, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(f"{address}/api", process, root / "server.log")
        yield f"{address}/{path}/hw1_dropout/hw1_dropout.ipynb"
    finally:
        process.terminate()
        process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1800):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=60).close()
            return
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def tour(front: str, theme: str, root: Path, pictures: Path | None = None) -> dict[str, Seen]:
    """Open hw1, type the first answer, run each exercise and check, and tell what stands there."""
    from playwright.sync_api import sync_playwright

    folder(root)
    with served(front, theme, root) as address, sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=shutil.which("chromium"),
                                           args=f"{QUIET} {MORE_QUIET}".split())
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        page.set_default_timeout(300_000)
        page.goto(address)
        page.wait_for_function(READY)
        page.evaluate(RUN, ["setup"])
        _type(page, TYPED)
        seen = {name: _scene(page, name, pictures and pictures / f"{front}-{theme}-{name}.png")
                for name in SCENES}
        browser.close()
    return seen


def _type(page: Any, text: str) -> None:
    """What a student does: click into the answer cell, select all, type; the editor indents."""
    page.evaluate(RUN, ["keep_mask"])  # a stub, which says so; the cell is active now
    editor = page.locator(".jp-Notebook-cell.jp-mod-active .cm-content")
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    for line in text.split("\n"):
        if line.startswith("\b"):
            page.keyboard.press("Backspace")
        page.keyboard.type(line.lstrip("\b"))
        page.keyboard.press("Enter")


def _scene(page: Any, name: str, picture: Path | None) -> Seen:
    page.evaluate(RUN, [name])
    index = page.evaluate(RUN, [f"check_{name}"])
    shown = page.locator(".jp-Notebook .jp-Cell").nth(index)
    shown.locator(".jp-OutputArea-output").first.wait_for()
    shown.scroll_into_view_if_needed()
    if picture:
        shown.screenshot(path=str(picture))
        for summary in shown.locator("details > summary").all():
            if summary.is_visible():
                summary.click()
        shown.screenshot(path=str(picture.with_stem(f"{picture.stem}-open")))
    return Seen(shown.inner_text(), **shown.evaluate(LOOK))


def main() -> None:
    """All front ends and themes; what looks odd is printed."""
    pictures = Path(sys.argv[1])
    pictures.mkdir(parents=True, exist_ok=True)
    for front in sys.argv[2:] or PLACES:
        for theme in THEMES:
            with tempfile.TemporaryDirectory() as root:
                for name, seen in tour(front, theme, Path(root), pictures).items():
                    print(f"== {front}, {theme}, {name}: {seen.texts} texts, wide {seen.wide}, "
                          f"faint {seen.faint}\n{seen.text}", flush=True)


if __name__ == "__main__":
    main()

"""One page for the course's site: what to install, on three systems; it needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Sequence

WINDOWS = ".venv\\Scripts\\"
SYSTEMS = (  # name, how a terminal is opened, where Python is had, its name, its folder in .venv
    ("Windows", "Start menu, type <b>PowerShell</b>",
     "python.org, or <code>winget install Python.Python.3.13</code>", "py", WINDOWS),
    ("macOS", "Launchpad, type <b>Terminal</b>", "python.org, or <code>brew install python</code>",
     "python3", ".venv/bin/"),
    ("Linux", "the program <b>Terminal</b>", "<code>sudo apt install python3-venv</code>",
     "python3", ".venv/bin/"),
)
STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8881; --mark: #0072b2; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; }
body { margin: 2rem auto; padding: 0 1rem; } h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.1rem; margin: 0 0 .5rem; color: var(--mark); }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 1rem; }
section { border: 1px solid var(--line); border-radius: 8px; padding: 1rem; min-width: 0; }
ol { padding-left: 1.2rem; margin: 0; } li { margin-bottom: .6rem; }
pre { background: var(--soft); padding: .6rem; border-radius: 6px; margin: .3rem 0; }
pre { font-size: .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid var(--line); padding: .4rem .8rem .4rem 0; vertical-align: top; }
@media (prefers-color-scheme: dark) { :root { --mark: #56b4e9; } }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Install the dropout course</title>
<style>{style}</style>
<h1>Install the dropout course</h1>
<p>Once. You need Python 3.10 or newer, and a network to install with; afterwards none.
The zip holds {assignments}.</p>
<main>
{systems}
</main>
<h2 style="margin-top:2rem">In the browser, or in an editor</h2>
<table>
<tr><td>Colab<td>Upload the notebook and <code>{wheel}</code> from the zip; first cell:
<pre>%pip install dropout_autograder*.whl</pre>
<tr><td>Kaggle<td>Add both as a dataset; first cell:
<pre>%pip install /kaggle/input/*/dropout_autograder*.whl</pre>
<tr><td>VS Code<td>Do steps 1 to 4, open the folder, choose <code>.venv</code> as the kernel.
</table>
<p><b>It says <code>No module named 'autograder'</code>?</b> Then step 4 is missing, or the notebook
uses another Python than the one in <code>.venv</code>. Do not take <code>autograder</code> from the
public index: that is another program of the same name.</p>
</html>
"""
SYSTEM = """<section><h2>{name}</h2><ol>
<li>Python: {python}.
<li>Unpack the zip, and open a terminal ({terminal}) in the folder <code>dropout</code>: type
<code>cd</code> and a space, drag the folder into the window, press Enter.
<li>A place of its own:<pre>{program} -m venv .venv</pre>
<li>Install:<pre>{bin}python -m pip install -r requirements.txt</pre>
<li>Begin, and open a notebook on the left:<pre>{bin}jupyter lab</pre>
</ol></section>"""


def page(slugs: Sequence[str], wheel: str) -> str:
    """The page, as HTML, for a zip that holds these assignments and this wheel."""
    systems = "\n".join(SYSTEM.format(name=n, terminal=t, python=p, program=x, bin=b)
                        for n, t, p, x, b in SYSTEMS)
    listed = ", ".join(f"<code>{html.escape(slug)}</code>" for slug in slugs)
    return PAGE.format(style=STYLE, systems=systems, assignments=listed, wheel=html.escape(wheel))

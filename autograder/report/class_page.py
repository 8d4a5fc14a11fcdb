"""The class report as one HTML page that needs nothing else: no script, no network."""

from __future__ import annotations

from autograder.report import words
from autograder.report.class_report import ClassReport

MOST = 400  # students who are listed one by one
SLOWEST = 5
SLOW = 2.0  # seconds; below that nobody is worth a word
SECTIONS = (
    ("scores", "Scores"),
    ("exercises", "Exercises and parts"),
    ("misconceptions", "Misconceptions"),
    ("checks", "Checks"),
    ("looks", "Worth a look"),
    ("late", "Late, by hand"),
    ("time", "Time"),
    ("students", "Students"),
)


def page(report: ClassReport, named: bool = False) -> str:
    """The page; `named` where students stand in it under their own names."""
    timed = sorted((row for row in report.rows if (row.seconds or 0.0) > SLOW), key=lambda r: -(r.seconds or 0.0))
    return rendered(
        "class.html.j2",
        report=report,
        named=named,
        sections=SECTIONS,
        most=MOST,
        slow=timed[:SLOWEST],
        late=sorted((row for row in report.rows if row.late > 0), key=lambda r: -r.late),
        by_hand=[row for row in report.rows if row.by_hand],
    )


def rendered(template: str, **values: object) -> str:
    """One of the pages of this folder, with the words that they use."""
    import jinja2

    loader = jinja2.PackageLoader("autograder", "report")
    room = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    room.filters |= {"points": _points, "line": words.line, "percent": percent, "plural": _plural}
    room.filters |= {"duration": duration, "seconds": _seconds}
    return room.get_template(template).render(values)


def percent(share: float) -> str:
    """A share as people read it: 85 %."""
    return f"{100 * share:.0f} %"


def _points(value: float) -> str:
    return words.number(round(value, 2))


def _plural(number: object, thing: str, things: str = "") -> str:
    return f"{number or 'no'} {thing if number in (1, '1') else things or thing + 's'}"


def duration(seconds: float) -> str:
    """A time as a person says it: 5 min, 2 h 10 min, 3 d 4 h."""
    minutes = int(seconds) // 60
    if minutes >= 1440:
        return f"{minutes // 1440} d {minutes % 1440 // 60} h"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{max(minutes, 1)} min"


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s" if value < 120 else duration(value)

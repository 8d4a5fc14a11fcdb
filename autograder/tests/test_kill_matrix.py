"""The kill matrix: what it says of checks and wrong solutions, where it lies, who can read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.kill_matrix import HOME, folder_for, matrix
from autograder.authoring.verify import FINE, Examination, verify
from autograder.cli import main
from autograder.judge import judge
from autograder.model import (
    Check, CourseError, Diagnosis, Exercise, ExerciseResult, Misconception, Outcome, Variant,
    Verdict)
from autograder.report import matrix as pages
from autograder.tests.classroom import SLUG
from autograder.tests.toys import one_part

PASSED, FAILED, SKIPPED, RAISED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.RAISED
MARKS = {"p": PASSED, "x": FAILED, "-": SKIPPED, "E": RAISED, "T": Outcome.TIMED_OUT,
         "C": Outcome.CRASHED, "!": Outcome.BROKEN}


# --------------------------------------------------------------------------- made by hand, and read
def check(name: str, needs: str = "", hidden: bool = False) -> Check:
    return Check(name, name, f"Holds {name}", lambda exam: None, tuple(needs.split()),
                 hidden=hidden)


def result(marks: str, kept: float = 1.0, named: Sequence[str] = (),
           exercise: str = "toy") -> ExerciseResult:
    """One letter for each check: p passed, x failed, - not tried, and so on."""
    verdicts = [Verdict(exercise, f"c{n}", f"Holds c{n}", MARKS[m], "1", "2")
                for n, m in enumerate(marks, 1)]
    return ExerciseResult(exercise, kept, 4.0, tuple(verdicts),
                          tuple(Diagnosis(exercise, name, "") for name in named))


def wrong(name: str, marks: str, kept: float = 1.0, named: str | None = None,
          sentence: str = "You believe.") -> pages.Wrong:
    diagnosed = name if named is None else named
    return pages.Wrong(Misconception(name, "toy", sentence, {}),
                       result(marks, kept, diagnosed.split()), {"toy": "def toy(): return 1 < 2"})


def block(checks: Sequence[Check], *found: pages.Wrong, idle: Sequence[str] = (),
          right: Sequence[str] = ()) -> pages.Block:
    exercise = one_part("toy", tuple(checks), points=4.0)
    variants = [(Variant(f"variant_{marks}", "toy", {}), 1, result(marks, 4.0)) for marks in right]
    (made,) = pages.blocks([exercise], found, variants,
                           [("zeros", result(marks, 0.0)) for marks in idle])
    return made


def shown(*blocks: pages.Block, findings: Sequence[str] = ()) -> str:
    return pages.page(pages.Matrix("hw_toy", blocks, tuple(findings)))


@dataclass
class Reader(HTMLParser):
    """What a page consists of, as a browser would find it."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""
    # rows of (tag, attributes, text)
    cells: list[list[tuple[str, dict[str, str | None], str]]] = field(default_factory=list)
    quiet: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.quiet = tag in ("style", "script")
        if tag == "tr":
            self.cells.append([])
        elif tag in ("th", "td"):
            self.cells[-1].append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self.quiet = False
        if tag == "tr":
            self.cells.append([])

    def handle_data(self, data: str) -> None:
        if self.quiet:
            return
        self.text += data
        if self.cells and self.cells[-1] and data.strip():
            tag, attributes, before = self.cells[-1][-1]
            self.cells[-1][-1] = (tag, attributes, f"{before} {' '.join(data.split())}".strip())


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.text = " ".join(reader.text.split())
    return reader


def rows(html: str) -> dict[str, list[str]]:
    """The text of the cells of each row, by the text of its head."""
    return {row[0][2]: [text for _, _, text in row[1:]] for row in read(html).cells if row}


# --------------------------------------------------------------------------- what verify hands over
@pytest.fixture(scope="module")
def judged(released_once: Path) -> tuple[pages.Matrix, list[str]]:
    """The matrix of the toy course, and what verify said of it."""
    seen: dict[str, Examination] = {}
    said = [finding for _, _, found in verify(released_once, seen=seen) for finding in found]
    return matrix(SLUG, seen[SLUG], said), said


def test_the_toy_course_has_every_check_and_every_belief(
        judged: tuple[pages.Matrix, list[str]]) -> None:
    found, said = judged
    assert (found.slug, found.findings, said) == (SLUG, (), [])
    shrink, quiz = found.blocks
    assert ([[v.outcome for v, _ in row.cells] for row in shrink.rows]
            == [[FAILED], [SKIPPED], [SKIPPED]])
    assert [row.state for row in shrink.rows] == ["kills", "untried", "untried"]
    (belief,) = shrink.wrong
    assert ((belief.title, belief.result.points, belief.misnamed, belief.alive)
            == ("p is the factor", 0.0, "", False))
    assert belief.source == {"shrink": "def shrink(x, p, rng, train=True):\n"
                             "    return (x * p, None)"}
    assert ([(v.name, sweep, r.outcome) for v, sweep, r in shrink.right]
            == [("by_subtraction", 2, "passed")])
    assert (len(shrink.idle), len(quiz.idle)) == (22, 5)
    assert [row.state for row in quiz.rows] == ["", "", "", ""]


def test_the_page_says_all_of_this(judged: tuple[pages.Matrix, list[str]]) -> None:
    html = pages.page(judged[0], "index.html")
    table = rows(html)
    assert table["points that it keeps, of 3"][1:] == ["0"]
    assert table["checks that kill it"][1:] == ["1"]
    assert table["the diagnosis names it"][1:] == ["yes"]
    (first,) = (cells for head, cells in table.items()
                if head.endswith(" multiplies_at_test_time(p=0.25, by=1-p)"))
    assert first[:3] == ["factor", "1", "1"]
    assert first[-1] == "× kills, alone"
    text = read(html).text
    for words in (
        "You multiply by p, but p says how much is taken away: what stays is 1 - p.",
        "return (x * p, None)",
        "1 right variant has full points in 3 sweeps",
        "22 answers that do nothing earn nothing",
        "As it must be: every wrong solution loses points and is named as itself",
        "It must not be given to students",
    ):
        assert words in text, words
    assert 'href="index.html"' in html


def test_nothing_is_judged_twice(released_once: Path, tmp_path: Path,
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    def counted(*args: Any) -> Any:
        calls.append(args[0].name)
        return judge(*args)

    monkeypatch.setattr("autograder.authoring.verify.judge", counted)
    assert main(["verify", "--course", str(released_once)]) == 0
    without = len(calls)
    assert (
        main(["verify", "--matrix", str(tmp_path / "pages"), "--course", str(released_once)]) == 0)
    assert len(calls) == 2 * without


def test_a_course_with_findings_has_pages_too(toy: Path, tmp_path: Path,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    key = toy / "solutions" / f"{SLUG}_key.py"
    key.write_text(key.read_text(encoding="utf-8").replace(
        "return x * p, None", "return (1 - p) * x, None"), encoding="utf-8")
    assert main(["verify", "--matrix", str(tmp_path / "pages"), "--course", str(toy)]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith(
        ("1 finding", "2 findings", "3 findings"))
    text = read((tmp_path / "pages" / f"{SLUG}.html").read_text(encoding="utf-8")).text
    assert "Not killed: p is the factor" in text
    assert "Add a check that sees it" in text
    assert "autograder verify found" in text


def test_an_assignment_that_does_not_load_says_so(toy: Path, tmp_path: Path) -> None:
    (toy / "solutions" / f"{SLUG}_key.py").unlink()
    assert main(["verify", "--matrix", str(tmp_path / "pages"), "--course", str(toy)]) == 1
    text = read((tmp_path / "pages" / f"{SLUG}.html").read_text(encoding="utf-8")).text
    assert "Not run: the assignment does not load" in text
    assert "_key.py is missing" in text


def test_what_needs_a_package_that_is_not_there_is_not_run(toy: Path, tmp_path: Path) -> None:
    checks = toy / "solutions" / SLUG / "checks.py"
    checks.write_text(checks.read_text(encoding="utf-8") + '\nNEEDS = ["no_such_package"]\n',
                      encoding="utf-8")
    main(["verify", "--matrix", str(tmp_path / "pages"), "--course", str(toy)])
    text = read((tmp_path / "pages" / f"{SLUG}.html").read_text(encoding="utf-8")).text
    assert "Not run: the package no_such_package is not installed on this machine." in text


# --------------------------------------------------------------------------------------- the counts
def test_a_check_kills_in_whatever_way_the_wrong_solution_fails_it() -> None:
    made = block([check(f"c{n}") for n in range(1, 8)], wrong("w", "px-ETC!"))
    assert [len(row.killed) for row in made.rows] == [0, 1, 0, 1, 1, 1, 0]
    assert len(made.wrong[0].killers) == 4
    assert not made.fragile
    assert not made.stopped
    cells = [row[-1][2] for row in read(shown(made)).cells
             if row and row[0][2].startswith("holds c")]
    assert cells[0] == "· passed"
    assert cells[1] == "× kills"
    assert cells[2] == "– not tried"
    assert cells[3:6] == ["E kills", "T kills", "C kills"]
    assert cells[6] == "! broken"


def test_what_one_check_kills_alone_is_told_apart_from_what_stops_the_others() -> None:
    made = block([check("c1"), check("c2"), check("c3", "c1")], wrong("alone", "pxp"),
                 wrong("stopped", "xp-"), wrong("both", "xx-"))
    assert (
        [[w.belief.name for w in killed] for _, killed in made.by_killer("fragile")] == [["alone"]])
    assert ([[w.belief.name for w in killed] for _, killed in made.by_killer("stopped")]
            == [["stopped"]])
    assert [row.alone for row in made.rows] == [1, 1, 0]
    text = read(shown(made)).text
    assert "1 belief that only one check kills" in text
    assert "1 belief that one check kills, so that others were not tried" in text


@pytest.mark.parametrize(
    ("made", "state"),
    [
        (block([check("c1")], wrong("w", "x")), "kills"),
        (block([check("c1")], wrong("w", "p")), "spare"),
        (block([check("c1")], wrong("w", "p"), idle=["x"]), "guard"),
        (block([check("c1")], wrong("w", "p"), idle=["p"]), "spare"),
        (block([check("c1"), check("c2", "c1")], wrong("w", "px")), "guard"),
        (block([check("c1")], idle=["p"]), ""),
    ],
)
def test_a_check_that_kills_nothing_is_a_guard_or_a_candidate_for_deletion(made: pages.Block,
                                                                           state: str) -> None:
    assert made.rows[0].state == state
    assert ("candidate for deletion" in shown(made)) == (state == "spare")


def test_what_costs_next_to_nothing_is_listed() -> None:
    made = block([check("c1")], wrong("slip", "x", kept=3.8), wrong("core", "x", kept=3.7),
                 wrong("alive", "p", kept=4.0))
    assert [w.belief.name for w in made.cheap] == ["slip"]
    assert "1 belief costs a twentieth of the points or less" in read(shown(made)).text


def test_a_check_that_was_never_tried_is_not_called_useless_without_saying_so() -> None:
    made = block([check("c1"), check("c2", "c1")], wrong("w", "x-"), wrong("v", "x-"))
    assert made.rows[1].state == "untried"
    text = read(shown(made)).text
    assert "1 check was never tried" in text
    assert "candidate" not in text


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (block([check("c1")], wrong("w", "p", kept=4.0)), "Not killed: w (toy) keeps all points."),
        (block([check("c1")], wrong("w", "x", named="")),
         "Named otherwise: w (toy) is named nothing."),
        (block([check("c1")], wrong("w", "x", named="w v")),
         "Named otherwise: w (toy) is named w, v."),
        (block([check("c1")], right=["p", "x"]),
         "the right variant variant_x (toy) fails “holds c1” c1 in sweep 1: 1, but should be 2"),
        (pages.Block(Exercise("toy", ()), (), (), (("zeros", result("", 2.0)),)),
         "Paid for nothing: zeros earns 2 points (toy)."),
    ],
)
def test_what_must_not_be_stands_out(made: pages.Block, said: str) -> None:
    text = read(shown(made)).text
    assert "What must not be" in text
    assert said in text
    assert "As it must be" not in text


def test_the_index_counts_and_leads_to_the_pages() -> None:
    full = pages.Matrix("hw_one", (block([check("c1"), check("c2")], wrong("a", "xp"),
                                         wrong("b", "xx"), right=["pp"]),))
    table = rows(pages.index([(full, "hw_one.html"),
                              (pages.Matrix("hw_two", not_run="no torch"), "hw_two.html")]))
    assert table["hw_one"] == ["2", "0", "0", "0", "2", "none", "none", "1", "0", "1", "none"]
    assert table["hw_two"] == ["not run: no torch"]


# ------------------------------------------------------------------ for everybody, and from nowhere
def big(checks: int, beliefs: int) -> pages.Block:
    asked = [check(f"c{n}", hidden=n > checks // 2) for n in range(1, checks + 1)]
    return block(asked, *(wrong(f"w{n}", "".join("px-"[(n * k) % 3] for k in range(checks)))
                          for n in range(1, beliefs + 1)))


def test_a_page_is_complete_in_itself() -> None:
    html = shown(big(4, 3))
    tags = read(html).tags
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in tags}
    for tag, attributes in tags:
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith("#"), f"{tag} leads to {attributes}"
    assert not re.search(r"url\(|@import|https?:", html)
    assert "default-src 'none'" in html


def test_every_cell_is_text_under_heads_that_a_screen_reader_knows() -> None:
    html = shown(big(110, 45))
    reader = read(html)
    ids = {a["id"] for _, a in reader.tags if a.get("id")}
    assert len(ids) == len([a for _, a in reader.tags if a.get("id")])
    for tag, attributes in reader.tags:
        if tag == "th":
            assert attributes.get("scope") in ("col", "row", "rowgroup"), attributes
        if tag == "a":
            assert str(attributes["href"])[1:] in ids, attributes
    judged = [row for row in reader.cells if row and row[0][2].startswith("holds c")]
    assert len(judged) == 110
    for row in judged:
        cells = [(attributes, text)
                 for _, attributes, text in row if "cell" in str(attributes.get("class"))]
        assert len(cells) == 45
        assert all(text.split(" ", 1)[1].startswith(("passed", "kills", "not tried"))
                   for _, text in cells)
        assert all(str(attributes["title"]).startswith(f"{n}. w{n}: ")
                   for n, (attributes, _) in enumerate(cells, 1))


def test_dark_light_and_paper_are_thought_of() -> None:
    html = shown(big(2, 2))
    for words in ("prefers-color-scheme: dark", "@media print", "position: sticky",
                  'name="color-scheme" content="light dark"', "noindex"):
        assert words in html, words


def test_what_a_key_says_stays_text() -> None:
    nasty = '</td><script>alert("x")</script>\x1b[31m&'
    html = shown(block([check("c1")], wrong("w", "x", sentence=nasty)), findings=[nasty])
    assert "<script" not in html
    assert "\x1b" not in html
    assert "def toy(): return 1 &lt; 2" in html


def test_a_page_says_the_same_each_time() -> None:
    assert shown(big(3, 3)) == shown(big(3, 3))


# --------------------------------------------------------------------------------- where it may lie
@pytest.mark.parametrize("place", ["assignments", "assignments/toy_scaling", "submitted/ada",
                                   "feedback", "release", "autograder",
                                   "solutions/toy_scaling", "."])
def test_the_pages_go_where_no_student_looks(toy: Path, place: str,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(toy.rglob("*"))
    with pytest.raises(CourseError, match=r"show hidden checks and wrong solutions, and .* Name "
                       r"another one, or none: .*build/matrix"):
        folder_for(toy, toy / place)
    monkeypatch.chdir(toy)
    with pytest.raises(CourseError, match="show hidden checks"):
        folder_for(toy, Path("build") / ".." / place)
    assert sorted(toy.rglob("*")) == before


def test_another_course_is_spared_too(toy: Path, released_once: Path) -> None:
    with pytest.raises(CourseError, match="students may come to see"):
        folder_for(toy, released_once / "assignments" / "pages")


def test_a_link_does_not_lead_the_pages_astray(toy: Path, tmp_path: Path) -> None:
    link = tmp_path / "innocent"
    link.symlink_to(toy / "assignments")
    with pytest.raises(CourseError, match="students may come to see"):
        folder_for(toy, link / "pages")


def test_the_pages_are_ignored_by_git_and_a_used_folder_is_left_as_it_is(toy: Path) -> None:
    assert folder_for(toy) == toy / HOME
    assert (toy / HOME / ".gitignore").read_text(encoding="utf-8").splitlines()[-1] == "*"
    (toy / "mine").mkdir()
    (toy / "mine" / "notes.txt").touch()
    assert folder_for(toy, toy / "mine") == toy / "mine"
    assert not (toy / "mine" / ".gitignore").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--matrix", SLUG], f"--matrix {SLUG} names a folder, not an assignment. Write: "
         f"autograder verify {SLUG} --matrix"),
        (["--matrix", "file/below"], "cannot be made"),
        (["--matrix", "assignments"], "students may come to see"),
    ],
)
def test_a_folder_that_cannot_be_is_said_before_anything_is_judged(
        toy: Path, words: list[str], said: str, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    (toy / "file").touch()
    monkeypatch.chdir(toy)
    assert main(["verify", *words]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("autograder: "), line
    assert said in line, line


def test_the_command_writes_the_page_and_ends_as_ever(
        toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", SLUG, "--matrix", "--course", str(toy)]) == 0
    wrote, last = capsys.readouterr().out.splitlines()[-2:]
    page = toy / HOME / f"{SLUG}.html"
    assert wrote == f"wrote {page}, which students must not see"
    assert last == FINE
    assert page.is_file()
    index = toy / HOME / "index.html"
    assert f'href="{SLUG}.html"' in index.read_text(encoding="utf-8")
    assert "All assignments" in page.read_text(encoding="utf-8")
    (toy / HOME / "hw_earlier.html").write_text("")
    main(["verify", SLUG, "--course", str(toy), "--matrix"])
    assert (
        'href="hw_earlier.html"' in index.read_text(encoding="utf-8")), "the one before is not lost"


def test_several_assignments_have_an_index(toy: Path, tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    found = {SLUG: [], "hw_unknown": ["It does not load."]}
    seen: dict[str, Examination] = {}
    list(verify(toy, seen=seen))
    from autograder.authoring.kill_matrix import write

    begin = write(tmp_path, seen, found)
    assert begin == tmp_path / "index.html"
    links = [a["href"] for tag, a in read(begin.read_text(encoding="utf-8")).tags if tag == "a"]
    assert links == [f"{SLUG}.html", "hw_unknown.html"]
    for name in links:
        assert 'href="index.html"' in (tmp_path / str(name)).read_text(encoding="utf-8")

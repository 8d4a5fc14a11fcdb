"""Strangers' Markdown made safe for nbconvert, which lets HTML and every kind of link through.

`tame` changes as little as it must. A space after each "<" that could open a tag leaves no HTML at
all and is invisible in text and in mathematics ($a< b$). What nbconvert itself makes of the result
is then examined, and if anything in it is not on the list below (javascript: in one of its many
spellings, an outside picture), the text is shown as it was typed, as a block of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

TEXT = ["a", "br", "code", "del", "em", "img", "input", "s", "span", "strong", "sub", "sup"]
BLOCKS = ["blockquote", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
          "ol", "p", "pre", "ul"]
TABLES = ["table", "tbody", "td", "th", "thead", "tr"]
TAGS = frozenset([*TEXT, *BLOCKS, *TABLES])
# allowed as they are, beside those that _is_allowed looks into
ATTRIBUTES = frozenset(["alt", "title", "disabled", "checked", "start"])
# nbconvert's and Pygments'
CLASS = re.compile(
    r"highlight|anchor-link|task-list-item(-checkbox)?|language-\S+|[a-z][a-z0-9]{0,2}")
LINK = re.compile(r"(?:https?://|mailto:|#)", re.I)
PICTURE = re.compile(r"data:image/(?:png|jpeg);base64,")
STYLE = re.compile(r"text-align:\s?(?:left|right|center);?")
# characters that one text may become: a reference used a thousand times, a picture shown again and
# again
MAX_PAGE = 1_500_000
MARK = "\u200b"  # an invisible character: no id of a page that nbgrader makes has one
HEADING = re.compile(r"([ \t>*+\-0-9.)]*#{1,6}(?!#))(.*)")
UNDERLINE = re.compile(r"[ \t>]*(?:=+|-+)[ \t]*")
FENCE = re.compile(r"[ \t>*+\-]*(?:```|~~~)")
OPENING = re.compile(r"<(?=[A-Za-z/!?])")
# the course folds answers with these: on a feedback page they stand open
FOLD = re.compile(r"</?(?:details|summary)>")

NOT_SHOWN = "*(This text cannot be shown here. It is in the submitted file.)*"

# Of TeX only what draws: no links, no attributes, and no definitions, which would hold for the rest
# of the page.
MACROS = re.compile(
    r"\\(?:href|url|require|style|class|cssId|data|bbox|enclose|toggle|action|unicode|mmlToken"
    r"|html\w*|def|gdef|edef|let|newcommand|renewcommand|providecommand|newenvironment"
    r"|renewenvironment|DeclareMathOperator)\b")


def tame(source: str, attachments: Mapping[str, Any] | None = None) -> str:
    """The text, harmless: as it is, or with spaces after "<", or shown verbatim."""
    spaced = OPENING.sub("< ", FOLD.sub("", source))
    headed = "\n".join(_headings(spaced.split("\n")))
    return headed if is_harmless(headed, attachments) else as_typed(spaced)


def _headings(lines: Sequence[str]) -> Iterator[str]:
    """The lines, headings marked: an id made of `# check_mask` would take a score box's place."""
    in_code = False
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        in_code ^= FENCE.match(line) is not None
        if in_code:
            yield line
        elif found := HEADING.fullmatch(line):
            yield f"{found[1]} {MARK}{found[2].lstrip()}"
        else:
            yield line + MARK if line.strip() and UNDERLINE.fullmatch(below) else line


def as_typed(source: str) -> str:
    """The text as it was typed, in a block of code."""
    shown = verbatim(OPENING.sub("< ", source))
    return shown if is_harmless(shown) else NOT_SHOWN


def verbatim(source: str) -> str:
    """A block that shows the text as it was typed."""
    ticks = max((len(run) for run in re.findall(r"`+", source)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}\n{source}\n{fence}"


def code(words: str) -> str:
    """The words on one line, as code in a sentence: none of it is Markdown or mathematics."""
    line = " ".join(words.split())
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", line)), default=0) + 1)
    return f"{ticks} {line} {ticks}" if len(ticks) > 1 else f"{ticks}{line}{ticks}"


def plain(words: str) -> str:
    """The words as Markdown that shows them as they are, whatever characters they are made of."""
    return re.sub(r"[^\w\s]|_", lambda found: f"&#{ord(found[0])};", words)


def is_harmless(source: str, attachments: Mapping[str, Any] | None = None) -> bool:
    """Whether nbconvert makes only harmless HTML of it."""
    renderer = IPythonRenderer(escape=False, attachments=dict(attachments or {}))
    try:
        page = MarkdownWithMath(renderer=renderer).render(source)
    except Exception:
        # a missing attachment, or what else a hostile text may trip in there: it would trip again
        # in feedback
        return False
    if len(page) > MAX_PAGE:
        return False
    examiner = _Examiner()
    examiner.feed(page)
    examiner.close()
    return examiner.harmless


class _Examiner(HTMLParser):
    """Reads a page and remembers whether everything in it was on the list."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.harmless = True
        self._verbatim = 0  # how many <pre> and <code> are open: MathJax leaves these alone

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._verbatim += tag in ("pre", "code")
        self.harmless &= tag in TAGS and all(_is_allowed(tag, name, value or "")
                                             for name, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        self._verbatim -= tag in ("pre", "code")

    def handle_data(self, data: str) -> None:
        self.harmless &= self._verbatim > 0 or not MACROS.search(data)

    def handle_comment(self, data: str) -> None:
        self.harmless = False

    def handle_decl(self, decl: str) -> None:
        self.harmless = False

    def handle_pi(self, data: str) -> None:
        self.harmless = False

    def unknown_decl(self, data: str) -> None:
        self.harmless = False


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if name == "href":
        return LINK.match(value) is not None
    if name == "src":
        return tag == "img" and PICTURE.match(value) is not None
    if name == "style":
        return STYLE.fullmatch(value) is not None
    if name == "id":
        return not value or quote(MARK) in value
    if name == "class":  # nbconvert copies a block of mermaid into the page unescaped
        return "mermaid" not in value and all(map(CLASS.fullmatch, value.split()))
    if name == "type":
        return tag == "input" and value == "checkbox"
    return name in ATTRIBUTES

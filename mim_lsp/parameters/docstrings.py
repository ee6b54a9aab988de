"""The entry of a new parameter in a docstring that lists parameters: Google's, NumPy's or Sphinx's style.

The entry says the name and the type. What the parameter means is for the programmer to write.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mim_lsp.parameters.changes import Change
from mim_lsp.parameters.declaration import Declaration
from mim_lsp.syntax.signatures import Signature

_DOCSTRING = re.compile(r"[rRuU]?(\"\"\"|''')(?P<content>.*?)\1", re.DOTALL)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_GOOGLE_SECTION = re.compile(r"[ \t]*(?:Args|Arguments|Parameters|Params):[ \t]*\r?\n?\Z")
_GOOGLE_ENTRY = re.compile(r"[ \t]*(?P<name>\*{0,2}\w+)[ \t]*(?P<type>\([^)]*\))?:")
_NUMPY_RULE = re.compile(r"[ \t]*-{3,}[ \t]*\r?\n?\Z")
_NUMPY_ENTRY = re.compile(r"[ \t]*(?P<name>\*{0,2}\w+(?:, *\*{0,2}\w+)*)[ \t]*(?P<type>:.*)?\r?\n?\Z")
_SPHINX_ENTRY = re.compile(r"[ \t]*:param (?:[^:]*[ \t])?(?P<name>\\?\*{0,2}\w+):")
_SPHINX_TYPE = re.compile(r"[ \t]*:type \w+:")
_KEYWORDS_ENTRY = re.compile(r"[ \t]*(?::param )?\\?\*\*")
_SPHINX_FIELD = re.compile(r"[ \t]*:\w+")


class _Line(NamedTuple):
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def indentation(self) -> str:
        return self.text[: len(self.text) - len(self.text.lstrip(" \t"))]

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()


def describe(text: str, signature: Signature, declaration: Declaration) -> Change | None:
    """The change that lists the parameter in the function's docstring; None if that lists none."""
    found = _DOCSTRING.match(text, signature.body, signature.end)
    if found is None:
        return None
    lines = _lines(text, found.start("content"), found.end("content"))
    return _google(lines, declaration) or _numpy(lines, declaration) or _sphinx(lines, declaration)


def _lines(text: str, start: int, end: int) -> list[_Line]:
    return [_Line(line.start(), line.group()) for line in _LINE.finditer(text, start, end) if line.group()]


def _google(lines: list[_Line], declaration: Declaration) -> Change | None:
    header = next((n for n, line in enumerate(lines) if _GOOGLE_SECTION.match(line.text)), None)
    if header is None:
        return None
    section = _deeper(lines, header + 1, len(lines[header].indentation))
    first = next((line for line in section if not line.is_blank), None)
    if first is None:
        return None
    entries = [line for line in section if line.indentation == first.indentation and _GOOGLE_ENTRY.match(line.text)]
    is_typed = any((found := _GOOGLE_ENTRY.match(line.text)) and found["type"] for line in entries)
    kind = f" ({declaration.annotation})" if is_typed and declaration.annotation else ""
    return _entry(section, entries, [f"{first.indentation}{declaration.name}{kind}:"])


def _numpy(lines: list[_Line], declaration: Declaration) -> Change | None:
    rules = [n for n, line in enumerate(lines) if n and _NUMPY_RULE.match(line.text)]
    header = next((n for n in rules if lines[n - 1].text.strip() in ("Parameters", "Other Parameters")), None)
    if header is None:
        return None
    following = next((n - 1 for n in rules if n > header), len(lines))
    section = lines[header + 1 : following]
    indentation = lines[header].indentation
    entries = [line for line in section if line.indentation == indentation and _NUMPY_ENTRY.match(line.text)]
    last = max((n for n, line in enumerate(section) if _is_listed(line, entries, indentation)), default=-1)
    kind = f" : {declaration.annotation}" if declaration.annotation else ""
    return _entry(section[: last + 1], entries, [f"{indentation}{declaration.name}{kind}"])


def _is_listed(line: _Line, entries: list[_Line], indentation: str) -> bool:
    """Whether a line of NumPy's section is an entry or belongs to one."""
    return line in entries or (not line.is_blank and len(line.indentation) > len(indentation))


def _sphinx(lines: list[_Line], declaration: Declaration) -> Change | None:
    entries = [line for line in lines if _SPHINX_ENTRY.match(line.text)]
    if not entries:
        return None
    first = lines.index(entries[0])
    last = lines.index(entries[-1])
    while last + 1 < len(lines) and _continues(lines[last + 1], entries[-1]):
        last += 1
    indentation = entries[-1].indentation
    new = [f"{indentation}:param {declaration.name}:"]
    if declaration.annotation and any(_SPHINX_TYPE.match(line.text) for line in lines):
        new.append(f"{indentation}:type {declaration.name}: {declaration.annotation}")
    return _entry(lines[first : last + 1], entries, new)


def _continues(line: _Line, entry: _Line) -> bool:
    """Whether a line goes on with a Sphinx entry: deeper text, or the type of the parameter."""
    if line.is_blank:
        return False
    deeper = len(line.indentation) > len(entry.indentation)
    return bool(_SPHINX_TYPE.match(line.text)) or (deeper and not _SPHINX_FIELD.match(line.text))


def _deeper(lines: list[_Line], start: int, column: int) -> list[_Line]:
    """The lines from `start` on that are indented deeper than `column`, up to the last that is not blank."""
    end = start
    for n in range(start, len(lines)):
        if lines[n].is_blank:
            continue
        if len(lines[n].indentation) <= column:
            break
        end = n + 1
    return lines[start:end]


def _entry(section: list[_Line], entries: list[_Line], new: list[str]) -> Change | None:
    """The change that puts new lines behind the section's entries, but before that of `**kwargs`."""
    if not entries:
        return None
    line_break = _break_of(entries[0])
    last = entries[-1]
    if line_break and _KEYWORDS_ENTRY.match(last.text):
        return Change(last.start, last.start, "".join(line + line_break for line in new))
    end = section[-1].start + len(section[-1].text.rstrip())
    return Change(end, end, "".join((line_break or "\n") + line for line in new))


def _break_of(line: _Line) -> str:
    return line.text[len(line.text.rstrip("\r\n")) :]

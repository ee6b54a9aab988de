"""An editor in which somebody types: it tells a server each key, asks again, and counts what would be seen."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.lsp_client import LspClient, Request
from benchmarks.typist import Edit, Passage, Typist

INLINE = "textDocument/inlineCompletion"
CODE_ACTION = "textDocument/codeAction"
LEAST_ACCEPTED = 4
"""Characters of a suggestion that is worth a look."""
ACCEPT_RATE = 0.7
ARRIVAL_S = 1.0
"""From putting the cursor somewhere to the first key."""
REACTION_S = 0.3
"""From seeing a suggestion to accepting it."""
NOTICED_S = 0.03
"""A suggestion must have been shown so long before the next key to be seen at all."""


@dataclass
class Tally:
    """What was seen with one server."""

    keys: int = 0
    latency_ms: list[float] = field(default_factory=list)
    """From key to answer, of requests that were answered and not cancelled."""
    in_time: int = 0
    """Keys whose answer was there before the next key."""
    shown: int = 0
    """Suggestions that came to be shown anew; what is left of one after a key that agrees with it is the same one."""
    shown_characters: int = 0
    right: int = 0
    """Of them those that are just what the file has next."""
    right_characters: int = 0
    accepted: int = 0
    accepted_characters: int = 0
    typed_characters: int = 0
    doubled: int = 0
    """Suggestions that are wrong and repeat what stands behind the cursor, or close a bracket that nobody opened."""
    flickers: int = 0
    """A suggestion that still agreed with what was typed was replaced by another one."""
    withdrawn: int = 0
    """A suggestion that still agreed with what was typed disappeared."""
    cpu_s: float = 0.0
    counters: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Suggestion:
    """Ghost text."""

    text: str
    replaces: int
    """Characters behind the cursor that it takes the place of."""

    def after_key(self, key: str) -> Suggestion | None:
        """What is left when `key` was typed; None if it says otherwise."""
        rest = self.text[len(key) :]
        return Suggestion(rest, self.replaces) if key and rest and self.text.startswith(key) else None


class Editor:
    """One passage being typed in one server."""

    def __init__(self, client: LspClient, passage: Passage, number: int, tally: Tally, speed: float) -> None:
        self._client, self._tally, self._speed = client, tally, speed
        self._typist = Typist(passage, random.Random(number))
        self._moods = random.Random(f"accept {number}")
        self._uri = f"file:///typing/{number}/{passage.name}"
        self._version = 1
        self._pending: Request | None = None
        self._shown: Suggestion | None = None
        document = {"uri": self._uri, "languageId": "python", "version": 1, "text": self._typist.text}
        client.notify("textDocument/didOpen", {"textDocument": document})

    def type_all(self) -> None:
        """Go to the passage, and type it to its end."""
        self._arrive()
        self._ask()
        while not self._typist.done:
            gap = self._typist.gap_s() / self._speed
            if self._sees_what_fits(gap):
                self._accept()
            else:
                self._press()
        leftover = self._typist.leave()
        if leftover:
            self._change(leftover)
        self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._uri}})

    def _arrive(self) -> None:
        """Put the cursor there and look; VS Code asks for code actions then, of servers that have some."""
        if self._client.capabilities.get("codeActionProvider"):
            position = _position(self._typist.text[: self._typist.cursor])
            span = {"start": position, "end": position}
            params = {"textDocument": {"uri": self._uri}, "range": span, "context": {"diagnostics": []}}
            asked = self._client.request(CODE_ACTION, params)
            asked.result()
            del self._client.requests[asked.id]  # it is no completion, whose times are taken
        time.sleep(ARRIVAL_S / self._speed)

    def _sees_what_fits(self, gap_s: float) -> bool:
        """Let the time to the next key pass; whether a suggestion is there by then that is going to be accepted."""
        next_key = time.perf_counter() + gap_s
        if self._pending and self._pending.done.wait(max(0.0, gap_s - NOTICED_S)):
            self._tally.in_time += 1
            self._show(self._pending)
            self._pending = None
        fits = self._shown is not None and self._is_right(self._shown) and len(self._shown.text) >= LEAST_ACCEPTED
        if fits and self._moods.random() < ACCEPT_RATE:
            time.sleep(REACTION_S / self._speed)
            return True
        time.sleep(max(0.0, next_key - time.perf_counter()))
        return False

    def _press(self) -> None:
        progress = self._typist.progress
        edit = self._typist.press()
        self._tally.keys += 1
        self._tally.typed_characters += self._typist.progress - progress
        typed = edit.text if edit and edit.start == edit.end else ""
        if edit:
            self._change(edit)
            key = typed[: self._typist.cursor - edit.start]
            self._shown = self._shown and self._shown.after_key(key)
        else:
            self._shown = self._shown and self._shown.after_key(self._typist.text[self._typist.cursor - 1])
        self._ask()

    def _accept(self) -> None:
        assert self._shown
        self._tally.accepted += 1
        self._tally.accepted_characters += len(self._shown.text)
        self._tally.keys += 1
        self._change(self._typist.accept(self._shown.text, self._shown.replaces))
        self._shown = None
        self._ask()

    def _change(self, edit: Edit) -> None:
        """Tell the server of an edit, after which the typist's text is what it is now."""
        before = self._typist.text[: edit.start]
        removed = edit.end - edit.start
        start = _position(before)
        end = {"line": start["line"], "character": start["character"] + removed}  # what is removed has no line breaks
        self._version += 1
        change = {"range": {"start": start, "end": end}, "text": edit.text}
        document = {"uri": self._uri, "version": self._version}
        self._client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def _ask(self) -> None:
        if self._pending:
            self._client.notify("$/cancelRequest", {"id": self._pending.id})
        position = _position(self._typist.text[: self._typist.cursor])
        params = {"textDocument": {"uri": self._uri}, "position": position, "context": {"triggerKind": 2}}
        self._pending = self._client.request(INLINE, params)

    def _show(self, request: Request) -> None:
        """Take an answer that came in time."""
        answer = request.answers[0]
        if "result" not in answer:
            return
        items = answer["result"]["items"]
        before, self._shown = self._shown, self._suggestion(items[0]) if items else None
        if before is not None and self._shown is not None and before.text == self._shown.text:
            return  # the same to the eye, whatever closers it takes the place of by now
        if before is not None:
            self._tally.flickers += self._shown is not None
            self._tally.withdrawn += self._shown is None
        if self._shown is not None:
            self._count(self._shown)

    def _suggestion(self, item: dict[str, Any]) -> Suggestion:
        span = item["range"]
        cursor = _position(self._typist.text[: self._typist.cursor])
        typed = cursor["character"] - span["start"]["character"]
        return Suggestion(item["insertText"][typed:], max(0, span["end"]["character"] - cursor["character"]))

    def _count(self, shown: Suggestion) -> None:
        tally = self._tally
        tally.shown += 1
        tally.shown_characters += len(shown.text)
        if self._is_right(shown):
            tally.right += 1
            tally.right_characters += len(shown.text)
        else:
            tally.doubled += doubles(shown.text, self._typist.behind_cursor[shown.replaces :])

    def _is_right(self, shown: Suggestion) -> bool:
        """Whether accepting it gives just what the file has next, as far as it goes."""
        if self._typist.mistyped or not self._typist.ahead.startswith(shown.text):
            return False
        kept = self._typist.behind_cursor[shown.replaces :]
        line_end = kept.partition("\n")[0]
        # Closers that stay must be what comes next, else accepting would leave them where they do not belong.
        return not line_end or self._typist.ahead[len(shown.text) :].startswith(line_end) or "\n" not in shown.text


def doubles(text: str, behind: str) -> bool:
    """Whether a suggestion repeats the text behind the cursor or closes what is not open.

    Args:
        text: what the suggestion inserts.
        behind: the document from where the inserted text ends.
    """
    rest, _, following = behind.partition("\n")
    rest = rest.strip()
    next_line = next((line.strip() for line in following.split("\n") if line.strip()), "")
    last_line = text.rpartition("\n")[2].strip()
    if rest.strip(")]}") and text.rstrip().endswith(rest):
        return True
    if "\n" in text and len(last_line) >= LEAST_ACCEPTED and last_line == next_line:
        return True
    depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if depth < 0 and rest[:1] in tuple(")]}"):
            return True
    return False


def _position(before: str) -> dict[str, int]:
    """Line and column (UTF-16) of the end of a text."""
    line = before.rpartition("\n")[2]
    return {"line": before.count("\n"), "character": len(line.encode("utf-16-le", "surrogatepass")) // 2}

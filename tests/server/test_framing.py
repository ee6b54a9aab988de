from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.server.framing import MOST_BYTES, read_body

GOOD = b'{"good": 1}'
FRAME = b"Content-Length: 11\r\n\r\n" + GOOD
WRONG_LENGTHS = [b"-5", b"", b"five", b"0", b"9" * 5000, str(MOST_BYTES + 1).encode(), b"1.5", b"0x10", b"1 2"]


def _bodies(data: bytes) -> list[bytes]:
    stream = io.BytesIO(data)
    return list(iter(lambda: read_body(stream), None))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 11\r\n\r\n",
        b"content-length:11\r\n\r\n",
        b"CONTENT-LENGTH :\t11 \r\n\r\n",
        b"Content-Length: 11\n\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 11\r\n\r\n",
        b"Content-Length: 11\r\nContent-Length: 11\r\n\r\n",
        b"Content-Length: 5\r\nContent-Length: 11\r\n\r\n",
        b"Content-Length: 11\r\nX-Long: " + b"x" * 200_000 + b"\r\n\r\n",
        b"\r\n\r\nContent-Length: 11\r\n\r\n",
        b"no header at all\r\nContent-Length: 11\r\n\r\n",
    ],
)
def test_headers_that_can_be_understood(header: bytes) -> None:
    assert _bodies(header + GOOD + FRAME) == [GOOD, GOOD]


@pytest.mark.parametrize("length", WRONG_LENGTHS)
def test_after_a_wrong_length_the_next_message_is_found(length: bytes) -> None:
    assert _bodies(b"Content-Length: " + length + b"\r\n\r\n" + b'{"lost": 2}' + FRAME + FRAME) == [GOOD, GOOD]


def test_after_a_missing_length_the_next_message_is_found() -> None:
    assert _bodies(b"Content-Type: text\r\n\r\n" + b'{"lost": 2}' + FRAME) == [GOOD]


def test_after_too_short_a_length_the_next_message_is_found() -> None:
    assert _bodies(b'Content-Length: 4\r\n\r\n{"lost": 2}' + FRAME) == [b'{"lo', GOOD]


def test_too_long_a_length_costs_the_message_that_it_reaches_into() -> None:
    assert _bodies(b'Content-Length: 15\r\n\r\n{"lost": 2}' + FRAME + FRAME) == [b'{"lost": 2}Cont', GOOD]


@pytest.mark.parametrize("pieces", range(65_500, 65_540, 3))
def test_a_header_is_found_wherever_a_long_line_is_cut(pieces: int) -> None:
    assert _bodies(b"Content-Length: x\r\n\r\n" + b"y" * pieces + FRAME) == [GOOD]


def test_the_text_of_a_header_within_a_string_is_no_header() -> None:
    body = json.dumps({"text": "Content-Length: 3\r\n\r\n{}"}).encode()
    assert _bodies(b"Content-Length: oops\r\n\r\n" + body + FRAME) == [GOOD]


@pytest.mark.parametrize("end", [b"", b"Content-Len", b"Content-Length: 11\r\n", b'Content-Length: 11\r\n\r\n{"go'])
def test_a_stream_may_end_anywhere(end: bytes) -> None:
    assert _bodies(FRAME + end) == [GOOD]


@given(st.lists(st.tuples(st.sampled_from([None, *WRONG_LENGTHS]), st.dictionaries(st.text(), st.text()))))
def test_wrong_headers_cost_their_own_message_only(messages: list[tuple[bytes | None, dict[str, str]]]) -> None:
    sent, expected = b"", []
    for wrong, message in messages:
        body = json.dumps(message).encode()
        sent += b"Content-Length: " + (wrong if wrong is not None else b"%d" % len(body)) + b"\r\n\r\n" + body
        if wrong is None:
            expected.append(body)
    assert _bodies(sent) == expected


@given(st.binary(max_size=300))
def test_noise_ends_or_is_skipped(noise: bytes) -> None:
    assert _bodies(noise + b"\r\n" + FRAME + FRAME)[-2:] == [GOOD, GOOD]

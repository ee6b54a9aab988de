r"""From a stream of bytes to the bodies of its messages, also when a client gets a header wrong.

A message is `Content-Length: N\r\n`, perhaps other headers, an empty line, and N bytes. After a wrong or missing length
nobody knows where its body ends, and the next header follows that body without a line break. Hence a length counts
wherever it ends a line: what stands before it is the rest of a body that was not announced, and is skipped. In a body
it cannot stand so, since there a line break within a string is written `\n`.
"""

from __future__ import annotations

import logging
import re
from typing import BinaryIO

MOST_BYTES = 64 * 2**20
"""The longest message that is read; a greater length cannot be meant, and is treated as a wrong one."""
_PIECE = 64 * 2**10
"""How much of a line is held at a time."""
_HEADER = 256
"""More than a header with a length takes; so much of a piece is kept, lest the header be cut in two."""
_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?\n\Z", re.IGNORECASE)

logger = logging.getLogger(__name__)


def read_body(stream: BinaryIO) -> bytes | None:
    """The next message's body, waiting for it; None at the end of the stream."""
    length = _read_length(stream)
    if length is None:
        return None
    body = stream.read(length)
    if len(body) < length:
        logger.warning("The client's last message ends after %d of %d bytes", len(body), length)
        return None
    return body


def _read_length(stream: BinaryIO) -> int | None:
    """Read a header and the empty line after it; the body's length, None at the end of the stream."""
    length, before = None, b""
    while line := before + stream.readline(_PIECE):
        if line == before:
            return None  # the stream ended within a line
        if not line.endswith(b"\n"):
            before = line[-_HEADER:]
            continue
        before = b""
        if found := _LENGTH.search(line):
            length = _usable(int(found[1]))
        elif not line.strip() and length is not None:
            return length
        elif not line.strip():
            logger.warning("Skipped a message without a usable Content-Length")
    return None


def _usable(length: int) -> int | None:
    return length if 0 < length <= MOST_BYTES else None

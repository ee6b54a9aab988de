from __future__ import annotations

import pytest

from tests.server.session import start

ABOVE = "x = 1  # 😀\n"
LINE = 'where = "π😀é" + "中"'


@pytest.mark.asyncio
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_columns_are_in_the_clients_units(encoding: str) -> None:
    async with start(encoding=encoding) as session:
        assert session.capabilities.position_encoding == encoding
        uri = session.open(f"{ABOVE}{LINE}\n")
        edit = [(1, session.width(LINE[: LINE.index("é") + length])) for length in (0, 1)]
        session.change(uri, 2, edit[0], "ü😀", until=edit[1])
        text = ABOVE + LINE.replace("é", "ü😀")
        for offset in range(len(ABOVE) + len("where"), len(text) + 1):
            column = session.width(text[len(ABOVE) : offset])
            assert await session.texts(uri, 1, column) == [f"{offset}:{text[offset - 3 : offset]}"]

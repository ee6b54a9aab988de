from __future__ import annotations

import json

from mim_lsp.completion.report import as_json
from mim_lsp.completion.types import Candidate, CompletionResult, ElapsedMs


def test_object_has_the_contract_s_keys_and_survives_json() -> None:
    candidate = Candidate(text="x😀\r\n", confidence=0.5, source="met", meeting_point=1)
    result = CompletionResult(
        candidates=(candidate,),
        met=True,
        verified=True,
        steps=3,
        tokens=5,
        encoded_tokens=40,
        refreshed_tokens=30,
        dropped=("blank",),
        elapsed_ms=ElapsedMs(encode=1.5, decode=2.0, total=3.5),
    )
    assert json.loads(json.dumps(as_json(result, "nano"))) == {
        "insert_text": "x😀\r\n",
        "candidates": [{"text": "x😀\r\n", "confidence": 0.5, "source": "met", "meeting_point": 1}],
        "met": True,
        "verified": True,
        "steps": 3,
        "tokens": 5,
        "encoded_tokens": 40,
        "refreshed_tokens": 30,
        "dropped": ["blank"],
        "elapsed_ms": {"encode": 1.5, "decode": 2.0, "total": 3.5},
        "reason": None,
        "model": "nano",
    }


def test_nothing_offered_has_its_reason() -> None:
    report = as_json(CompletionResult(reason="blank"), "nano")
    assert (report["insert_text"], report["candidates"], report["reason"]) == ("", [], "blank")

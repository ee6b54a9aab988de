from __future__ import annotations

from pathlib import Path

import pytest
from pygls.workspace import PositionCodec

from mim_lsp.server.documents import Document
from mim_lsp.server.permission import Permission
from mim_lsp.server.settings import Settings

URI = "file:///w/a.py"


def document(uri: str = URI, text: str = "x = 1\n", language: str = "python") -> Document:
    return Document(uri, source=text, version=1, language_id=language, position_codec=PositionCodec())


def refusal(settings: Settings, asked: Document | None = None, *, invoked: bool = False) -> str | None:
    permission = Permission()
    permission.follow(settings, (Path("/w"),))
    return permission.refusal(asked or document(), invoked=invoked)


@pytest.mark.parametrize(
    ("settings", "typing", "asking"),
    [
        (Settings(), None, None),
        (Settings(trigger="manual"), "manual_trigger", None),
        (Settings(enabled=False), "disabled", "disabled"),
        (Settings(languages=("rust",)), "unsupported_language", "unsupported_language"),
        (Settings(exclude=("/a.py",)), "excluded", "excluded"),
    ],
)
def test_settings_decide(settings: Settings, typing: str | None, asking: str | None) -> None:
    assert refusal(settings) == typing
    assert refusal(settings, invoked=True) == asking


def test_secrets_and_unfit_texts_are_refused_whatever_the_settings() -> None:
    assert refusal(Settings(), document("file:///w/.env")) == "excluded"
    assert refusal(Settings(), document(text="# @generated\n")) == "generated"


def test_changed_settings_count_for_documents_that_were_asked_about_before() -> None:
    permission = Permission()
    assert permission.refusal(document(), invoked=True) is None
    permission.follow(Settings(exclude=("a.py",)), ())
    assert permission.refusal(document(), invoked=True) == "excluded"


def test_pauses_are_for_one_document_or_for_all() -> None:
    permission = Permission()
    permission.pause(URI, True)
    assert [permission.silence(uri) for uri in (URI, "file:///b.py")] == ["paused", None]
    permission.pause(None, True)
    assert permission.silence("file:///b.py") == "paused"
    permission.pause(None, False)
    assert permission.silence(URI) is None


def test_while_everything_is_paused_nothing_changes_for_one_document() -> None:
    permission = Permission()
    assert permission.pause(None, True)
    for wish in (True, False):
        assert permission.pause(URI, wish)
        assert permission.silence(URI) == "paused"
    assert permission.paused_documents == set()
    assert not permission.pause(None, False)
    assert permission.pause(URI, True)
    assert not permission.pause(URI, False)


def test_a_closed_document_is_forgotten() -> None:
    permission = Permission()
    permission.pause(URI, True)
    permission.forget(URI)
    assert permission.silence(URI) is None

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.training.corpus.secrets import MASKED_ADDRESS, entropy, has_secret, mask_addresses

# Put together here, so that no scanner takes this file for one that leaks.
RANDOM = "q7Zt2" + "LxV9a" + "KmB4w" + "Rj8Yc" + "T1nH"
HEXADECIMAL = "9f86d081" + "884c7d65" + "9a2feaa0" + "c55ad015"


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN " + "RSA PRIVATE KEY-----\nMII",
        "-----BEGIN " + "PRIVATE KEY-----",
        "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
        "aws = 'AKIA" + "IOSFODNN7EXAMPLE'",
        "t = 'ghp_" + "a1B2" * 9 + "'",
        "url('xoxb-" + "1234567890-abcdefghij')",
        "key = 'eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkw.dozjgNryP4J3jVmNHl0w5N'",
        f"SECRET_KEY = '{RANDOM}'",
        f'password: str = "{RANDOM}"',
        f'{{"api_key": "{RANDOM}"}}',
        f"settings['ACCESS_TOKEN'] = b'{RANDOM}'",
        f"auth_token='{HEXADECIMAL}'",
    ],
)
def test_keys_and_random_literals_under_telling_names_are_secrets(text: str) -> None:
    assert has_secret(text)
    assert has_secret(f"import os\n\n{text}\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "password = 'short'",
        "token = 'x1x1x1x1x1x1x1x1x1x1x1x1'",
        "token = 'some_long_identifier_without_digits'",
        "password = get_password('user')",
        f"digest = '{HEXADECIMAL}'",
        "PRIVATE KEY in prose, AKIA too, gh and eyJ",
        "token = tokenizer.decode(ids)",
    ],
)
def test_ordinary_text_is_not(text: str) -> None:
    assert not has_secret(text)


def test_entropy_is_that_of_the_characters() -> None:
    assert entropy("aaaa") == 0
    assert entropy("abab") == pytest.approx(1.0)
    assert entropy("0123456789abcdef") == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("text", "masked", "count"),
    [
        ("# Jane <jane.doe+x@mail.some-host.org>", f"# Jane <{MASKED_ADDRESS}>", 1),
        ("a@one.com,b@two.co.uk", f"{MASKED_ADDRESS},{MASKED_ADDRESS}", 2),
        ("bob@example.org and eve@mail.example.com", "bob@example.org and eve@mail.example.com", 0),
        ("q = Q@R.T", "q = Q@R.T", 0),
        ("y = x@w.conj()", "y = x@w.conj()", 0),
        ("@pytest.mark.parametrize", "@pytest.mark.parametrize", 0),
        ("url = 'scott:tiger@localhost'", "url = 'scott:tiger@localhost'", 0),
    ],
)
def test_addresses_are_masked_and_operators_are_not(text: str, masked: str, count: int) -> None:
    assert mask_addresses(text) == (masked, count)


@given(st.text(alphabet="ab@.com \n<>", max_size=60))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once, _ = mask_addresses(text)
    assert mask_addresses(once) == (once, 0)

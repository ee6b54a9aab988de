from __future__ import annotations

from email.message import Message

import pytest

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus.licenses import check_license


def metadata(*headers: tuple[str, str]) -> Message:
    message = Message()
    for name, value in headers:
        message[name] = value
    return message


def classifier(name: str) -> tuple[str, str]:
    return ("Classifier", f"License :: OSI Approved :: {name}")


@pytest.mark.parametrize(
    ("pinned", "stated"),
    [
        ("MIT", metadata(("License-Expression", "MIT"))),
        ("BSD-3-Clause", metadata(("License-Expression", "BSD-3-Clause"))),
        ("Apache-2.0 AND MIT", metadata(("License-Expression", "(Apache-2.0 AND MIT)"))),
        ("Apache-2.0", metadata(("License", "Apache License, Version 2.0"), classifier("Apache Software License"))),
        ("Apache-2.0", metadata(("License", "Apache 2.0 License"))),
        ("BSD-3-Clause", metadata(("License", "BSD"))),
        ("BSD-3-Clause", metadata(("License", "Copyright (c) 2001\nAll rights reserved."), classifier("BSD License"))),
        ("PSF-2.0", metadata(classifier("Python Software Foundation License"))),
        ("ISC", metadata(classifier("ISC License (ISCL)"), ("Classifier", "License :: OSI Approved"))),
        ("Unlicense", metadata(classifier("The Unlicense (Unlicense)"))),
    ],
)
def test_permissive_licences_that_agree_pass(pinned: str, stated: Message) -> None:
    check_license("one==1.0", pinned, stated)


@pytest.mark.parametrize(
    ("pinned", "stated", "complaint"),
    [
        ("GPL-3.0-only", metadata(("License-Expression", "MIT")), "of the manifest is not allowed"),
        ("MIT", metadata(("License-Expression", "GPL-3.0-only")), "'GPL-3.0-only' is not allowed"),
        ("MIT", metadata(("License-Expression", "MIT AND LGPL-2.1-or-later")), "is not allowed"),
        ("MIT", metadata(("License-Expression", "MIT WITH Something-exception")), "is not allowed"),
        ("MIT", metadata(classifier("GNU General Public License v3 (GPLv3)")), "is not allowed"),
        ("MIT", metadata(classifier("MIT License"), classifier("Mozilla Public License 2.0 (MPL 2.0)")), "not allowed"),
        ("MIT", metadata(("License", "Proprietary")), "is not allowed"),
        ("MIT", metadata(("License", "GPL"), classifier("MIT License")), "'GPL' is not allowed"),
        ("MIT", metadata(), "states no licence"),
        ("MIT", metadata(("License", "Copyright\nPermission is granted")), "states no licence"),
        ("MIT", metadata(("License-Expression", "BSD-3-Clause")), "the manifest says MIT, its METADATA says BSD"),
        ("MIT", metadata(("License-Expression", "Apache-2.0 AND MIT")), "its METADATA says Apache-2.0, MIT"),
    ],
)
def test_other_licences_are_refused_by_name(pinned: str, stated: Message, complaint: str) -> None:
    with pytest.raises(CorpusError) as caught:
        check_license("one==1.0", pinned, stated)
    assert complaint in str(caught.value)
    assert "one==1.0" in str(caught.value)

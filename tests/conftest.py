"""What all tests share: settings of Hypothesis, and a folder for what the server writes by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# No deadline: how long an example takes says more about what else the machine does than about the code.
settings.register_profile("mim", deadline=None)
settings.load_profile("mim")


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Statistics and logs of the servers that tests start go here, and not to those of the person who runs them."""
    os.environ["MIM_LSP_STATE"] = str(tmp_path_factory.mktemp("state"))
    yield
    del os.environ["MIM_LSP_STATE"]

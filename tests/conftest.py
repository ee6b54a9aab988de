"""What all tests share: settings of Hypothesis."""

from __future__ import annotations

from hypothesis import settings

# No deadline: how long an example takes says more about what else the machine does than about the code.
settings.register_profile("mim", deadline=None)
settings.load_profile("mim")

"""Reports on standard output; imported when a command runs."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, ClassVar, Protocol

from rich.console import Console
from rich.table import Table


class Report(Protocol):
    """A dataclass of results that can also be read as a table."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def table(self) -> Table:
        """The results for a person."""
        ...


def print_report(report: Report, *, as_json: bool) -> None:
    """Print a report as one JSON object or as a table."""
    if as_json:
        print(json.dumps(dataclasses.asdict(report)))
    else:
        Console().print(report.table())

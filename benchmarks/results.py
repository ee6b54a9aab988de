"""What was measured, as it is kept beside the report: every single time, so that any table can be made again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.spread import Burst


@dataclass(frozen=True)
class Series:
    """One measure of one contestant, round by round."""

    shape: str
    threads: int
    contestant: str
    measure: str
    context: int
    """Tokens in each row before the pass; 0 where it makes no difference."""
    bursts: list[Burst]


@dataclass
class Results:
    """All series of one run."""

    machine: dict[str, str]
    series: list[Series] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a reader must know: who could not take part and why, load, processor time of parked processes."""

    def bursts(self, shape: str, threads: int, contestant: str, measure: str, context: int) -> list[Burst] | None:
        """The rounds of one series; None if it was not measured."""
        wanted = shape, threads, contestant, measure, context
        for one in self.series:
            if (one.shape, one.threads, one.contestant, one.measure, one.context) == wanted:
                return one.bursts
        return None

    def save(self, path: Path) -> None:
        """Write it as JSON; times are rounded to a microsecond."""
        data = asdict(self)
        for one in data["series"]:
            for burst in one["bursts"]:
                burst["ms"] = [round(ms, 3) for ms in burst["ms"]]
                burst["foreign_cores"] = round(burst["foreign_cores"], 3)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read what `save` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(data["machine"], [_series(one) for one in data["series"]], data["notes"])


def _series(data: dict[str, object]) -> Series:
    bursts = data.pop("bursts")
    assert isinstance(bursts, Sequence)
    return Series(bursts=[Burst(**burst) for burst in bursts], **data)  # type: ignore[arg-type]

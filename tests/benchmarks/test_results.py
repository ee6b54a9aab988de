from pathlib import Path

from benchmarks.results import Results, Series
from benchmarks.spread import Burst


def test_results_survive_the_file(tmp_path: Path) -> None:
    results = Results(
        {"processor": "one"}, [Series("60M", 2, "ours", "both directions", 512, [Burst([1.25, 2.5], 0.1)])], ["a note"]
    )
    results.save(tmp_path / "new" / "results.json")
    assert Results.load(tmp_path / "new" / "results.json") == results


def test_a_series_is_found_by_all_that_tells_it_apart() -> None:
    results = Results({}, [Series("60M", threads, "ours", "m", 512, [Burst([threads], 0)]) for threads in (1, 2)])
    assert results.bursts("60M", 2, "ours", "m", 512) == [Burst([2], 0)]
    assert results.bursts("60M", 2, "ours", "m", 1024) is None

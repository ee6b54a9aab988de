import math

import pytest

from benchmarks.spread import Burst, Spread, quiet_rounds, ratio, spread


def bursts(*medians: float, foreign: tuple[float, ...] = ()) -> list[Burst]:
    busy = foreign or (0.0,) * len(medians)
    return [Burst([ms - 1, ms, ms + 1], cores) for ms, cores in zip(medians, busy, strict=True)]


def test_a_spread_holds_four_fifths_of_the_values() -> None:
    assert Spread.of(list(range(11))) == Spread(5, 1, 9)
    assert f"{Spread(1.234, 1, 2):.1f}" == "1.2 (1.0 to 2.0)"
    assert f"{Spread(0.5, 0.25, 1):.0%}" == "50% (25% to 100%)"


def test_rounds_in_which_others_were_busy_do_not_count() -> None:
    mine = bursts(5, 50, 6, 7, foreign=(0, 1, 0, 0.1))
    assert quiet_rounds(mine) == [0, 2, 3]
    assert spread(mine).median == 6


def test_with_too_few_quiet_rounds_all_count() -> None:
    mine = bursts(5, 50, 6, foreign=(0, 1, 0))
    assert quiet_rounds(mine) == [0, 1, 2]


def test_a_ratio_pairs_the_rounds() -> None:
    slow = bursts(10, 40, 20, 99, 30)
    fast = bursts(5, 20, 10, 3, 10, foreign=(0, 0, 0, 1, 0))
    assert ratio(slow, fast).median == 2


@pytest.mark.parametrize("cores", [math.nan, 0.0])
def test_where_the_load_cannot_be_told_every_round_counts(cores: float) -> None:
    assert quiet_rounds(bursts(1, 2, 3, 4, foreign=(cores,) * 4)) == [0, 1, 2, 3]

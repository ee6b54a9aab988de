from pathlib import Path

from benchmarks.contestants import LLAMA_Q4, NATIVE_INT4
from benchmarks.measures import BOTH, FIRST, FOUR_KEYS, KEY, MEMORY, ONE, PREFILL, READ
from benchmarks.report import PLOT_FILE, REPORT_FILE, STEPS_FILE, TYPING_FILE, write_report
from benchmarks.results import Results, Series
from benchmarks.spread import Burst


def series(contestant: str, measure: str, context: int, ms: float) -> Series:
    return Series("60M", 2, contestant, measure, context, [Burst([ms, ms], 0.0)] * 3)


def test_the_report_has_the_verdicts_the_tables_and_the_plot(tmp_path: Path) -> None:
    passes = [
        series(name, measure, 0 if measure == PREFILL else 512, ms)
        for name, ms in ((NATIVE_INT4, 1.0), (LLAMA_Q4, 3.0))
        for measure in (ONE, BOTH, PREFILL)
    ]
    Results({"cores": "2"}, [*passes, series(MEMORY, READ, 512, 25)], ["a note"]).save(tmp_path / STEPS_FILE)
    typed = [series(NATIVE_INT4, measure, 1408, 12.5) for measure in (KEY, FOUR_KEYS, FIRST)]
    Results({}, typed).save(tmp_path / TYPING_FILE)

    lines = write_report(tmp_path)

    assert f"pass  both directions 2x faster than one step of {LLAMA_Q4}: 3.00 " in lines
    text = (tmp_path / REPORT_FILE).read_text(encoding="utf-8")
    assert "| native int4 | 1.00 (1.00 to 1.00) |" in text
    assert "| native int4 | 12.5 / 12.5 | 12.5 / 12.5 | 12.5 / 12.5 |" in text
    assert "Measured read bandwidth: 40.0 GB/s." in text
    assert "- a note" in text
    assert (tmp_path / PLOT_FILE).stat().st_size > 1000


def test_a_report_can_be_made_of_one_part_alone(tmp_path: Path) -> None:
    Results({}, [series(NATIVE_INT4, KEY, 512, 40)]).save(tmp_path / TYPING_FILE)
    write_report(tmp_path)
    assert "## Typing" in (tmp_path / REPORT_FILE).read_text(encoding="utf-8")

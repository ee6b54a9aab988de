"""`mim-lsp quantize`: from a model folder to a smaller one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mim_lsp.errors import SettingsError
from mim_lsp.model.arrays import write_tensors
from mim_lsp.model.folder import CARD, WEIGHTS, copy_fitted, read_config, read_tokenizer, write_shape
from mim_lsp.model.weights import save_weights
from mim_lsp.training.export import load_trained
from mim_lsp.training.quantization.calibration import TOKENS, draw_rows, library_files, read_texts
from mim_lsp.training.quantization.layers import INT8_KINDS, Progress, check_group, quantize_int4


@dataclass(frozen=True)
class QuantizationSettings:
    """How a model's matrices are kept."""

    bits: Literal[4, 8] = 4
    """8: every matrix int8, rounded to nearest. 4: most int4, rounded with calibration."""
    group: int = 64
    """int4: inputs that share a scale, 32 or 64."""
    calibration: Sequence[Path] = ()
    """int4: Python files and folders of such; none: Python's own library."""


def quantize_folder(
    source: Path, out: Path, settings: QuantizationSettings, progress: Progress = lambda _done, _total: None
) -> int:
    """Write the model folder `out` with the weights of `source` quantized; returns the size of its weights in bytes.

    Args:
        source: a model folder, best with weights of more bits.
        out: must not exist.
        settings: how.
        progress: called after each layer of an int4 model with how many are done, and how many there are.

    Raises:
        ModelError: `source` is not a model's folder, or is broken.
        SettingsError: `out` exists, or the group does not fit the model.
        DocumentError: there is nothing to calibrate on.
    """
    if out.exists():
        raise SettingsError(f"{out} exists already; name a new folder")
    config, tokenizer = read_config(source), read_tokenizer(source)
    model = load_trained(config, source)
    if settings.bits == 8:
        write_shape(out, config, tokenizer)
        save_weights(model, out / WEIGHTS)
    else:
        check_group(model, settings.group)
        rows = draw_rows(config, tokenizer, read_texts(settings.calibration or library_files()), TOKENS)
        tensors = quantize_int4(model, rows, settings.group, progress)
        write_shape(out, config, tokenizer)
        write_tensors(out / WEIGHTS, tensors)
    copy_fitted(source, out)  # log-probabilities change too little to fit it anew
    (out / CARD).write_text(_card(source, out, settings), encoding="utf-8")
    return (out / WEIGHTS).stat().st_size


def _card(source: Path, out: Path, settings: QuantizationSettings) -> str:
    """The card of `source` below a note on the quantization."""
    lines = [f"# {out.name}", "", f"{source.name}, quantized: {_summary(settings)}.", ""]
    if settings.bits == 4:
        named = ", ".join(path.name for path in settings.calibration) or "Python's own library"
        lines += [f"Calibrated on {TOKENS:,} tokens of {named}, both directions.", ""]
    if (source / CARD).is_file():
        lines += [f"What follows is the card of {source.name}: its numbers are those of its own weights.", ""]
        lines += (source / CARD).read_text(encoding="utf-8").splitlines()
    return "\n".join(lines) + "\n"


def _summary(settings: QuantizationSettings) -> str:
    if settings.bits == 8:
        return "int8 with a scale for each row"
    kept = " and ".join(INT8_KINDS)
    return f"int4 in groups of {settings.group} by error-compensated rounding (GPTQ), {kept} int8"

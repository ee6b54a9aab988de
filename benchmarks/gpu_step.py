"""How fast the PyTorch runtime is on a GPU: passes of the eager runtime, of the static one, and of its CUDA graphs.

Usage: python -m benchmarks.gpu_step [--shapes nano 60M 110M 350M] [--rounds 5] [--repeats 20] [--out gpu.json]

Random weights, in the type that the runtime would choose. A time is that of `Runtime.step`, from Python ids to the
log-probabilities in the host's memory. `at 512` means that the tokens of a row are 512 with those that the pass adds.
The contestants take turns in every round:

- `eager` is the CPU's reference on the GPU: kernels are launched one by one.
- `static` is the GPU's runtime without graphs: fewer kernels, fixed shapes.
- `graphs` is what `--device cuda` runs.

The floor of a pass is the bytes that it cannot do without (all weights once, keys and values of its rows) over the
bandwidth of a large copy within the GPU's memory, bytes read and bytes written counted. `first` is the first decode
step of a fresh runtime: with graphs it pays for the capture.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.machine import describe as describe_machine
from benchmarks.shapes import SHAPES as CPU_SHAPES
from benchmarks.shapes import Format, step_bytes
from benchmarks.spread import Spread
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.network import Decoder
from mim_lsp.runtime.protocol import Feed, Runtime
from mim_lsp.runtime.torch.device import describe, weight_type
from mim_lsp.runtime.torch.graphs import CudaGraphs, DirectCalls
from mim_lsp.runtime.torch.runtime import TorchRuntime
from mim_lsp.runtime.torch.static_runtime import StaticRuntime

SHAPES = CPU_SHAPES | {"350M": ModelConfig(d_model=1024, n_layers=28, n_heads=16, d_ff=3072, context_length=2048)}
WARM_UPS = 3
COPIED_BYTES = 2**30
TOKEN = 7


class Case(NamedTuple):
    """One kind of pass."""

    rows: int
    """Rows that are fed: one direction, or both."""
    tokens: int
    """Tokens that each of them gets."""
    outputs: int
    context: int
    """Tokens of each row behind the pass."""

    def __str__(self) -> str:
        if self.tokens == self.context:
            return f"prefill {self.tokens}"
        what = "step" if self.tokens == 1 else f"verify {self.tokens}"
        return f"{what}, {'both directions' if self.rows == 2 else 'one direction'}, at {self.context}"


CASES = (
    Case(1, 1, 1, 512),
    Case(2, 1, 1, 512),
    Case(1, 1, 1, 2048),
    Case(2, 1, 1, 2048),
    Case(2, 8, 8, 512),
    Case(1, 512, 1, 512),
    Case(1, 2048, 1, 2048),
)
FIRST = CASES[1]
"""What a fresh runtime is asked first."""


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    shape: str
    case: str
    contestant: str
    ms: Spread
    floor_ms: float
    first_ms: float | None
    """Of the first pass of a fresh runtime, where the case is `FIRST`."""


def contestants(model: Decoder) -> dict[str, Runtime]:
    """The runtimes by name; those with graphs only where there is a GPU."""
    runtimes: dict[str, Runtime] = {"eager": TorchRuntime(model), "static": StaticRuntime(model, DirectCalls)}
    if model.embedding.weight.is_cuda:
        runtimes["graphs"] = StaticRuntime(model, CudaGraphs)
    return runtimes


def random_model(config: ModelConfig, device: torch.device) -> Decoder:
    """A network as it is initialized."""
    torch.manual_seed(0)
    return Decoder(config).to(device, weight_type(device)).requires_grad_(False)


class Places:
    """Two rows of a runtime, and the passes over them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._rows = runtime.open_row(), runtime.open_row()

    def prepare(self, case: Case) -> Callable[[], None]:
        """Fill the rows up to a pass; returns the pass, which leaves them as they were."""
        held = case.context - case.tokens
        for row in self._rows:
            self._runtime.truncate(row, 0)
            if held:
                self._runtime.step([Feed(row, [TOKEN] * held)])
        feeds = [Feed(row, [TOKEN] * case.tokens, case.outputs) for row in self._rows[: case.rows]]

        def run() -> None:
            self._runtime.step(feeds)
            for feed in feeds:
                self._runtime.truncate(feed.row, held)

        return run


def time_ms(run: Callable[[], None]) -> float:
    """Milliseconds of one call; `Runtime.step` waits for its results by itself."""
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


def copy_bandwidth(device: torch.device, n_bytes: int = COPIED_BYTES) -> float:
    """Bytes read and written in a second by the fastest of a few copies within the device's memory."""
    source = torch.zeros(n_bytes, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)

    def copy() -> None:
        target.copy_(source)
        if device.type == "cuda":
            torch.cuda.synchronize()

    return 2 * n_bytes * 1000 / min(time_ms(copy) for _ in range(10))


def floor_ms(config: ModelConfig, case: Case, bandwidth: float, value_bytes: int) -> float:
    """Milliseconds that the bytes of a pass take at `bandwidth`."""
    kept = Format(bits=8 * value_bytes, group=None, scale_bytes=0, cache_bytes=value_bytes)
    return step_bytes(config, kept, case.rows, case.context) / bandwidth * 1000


def measure(
    name: str,
    config: ModelConfig,
    device: torch.device,
    bandwidth: float,
    rounds: int,
    repeats: int,
    cases: Sequence[Case] = CASES,
) -> Iterator[Row]:
    """Time every case of one shape on all contestants, which take turns."""
    places = {who: Places(runtime) for who, runtime in contestants(random_model(config, device)).items()}
    first = {who: time_ms(place.prepare(FIRST)) for who, place in places.items()}
    for case in cases:
        times: dict[str, list[float]] = {who: [] for who in places}
        for _ in range(rounds):
            for who, place in places.items():
                run = place.prepare(case)
                for _ in range(WARM_UPS):
                    run()
                times[who] += [time_ms(run) for _ in range(repeats)]
        floor = floor_ms(config, case, bandwidth, weight_type(device).itemsize)
        for who, ms in times.items():
            yield Row(name, str(case), who, Spread.of(ms), floor, first[who] if case == FIRST else None)


def line_of(row: Row) -> str:
    """A row for people."""
    first = f"  first {row.first_ms:.1f}" if row.first_ms is not None else ""
    return (
        f"{row.shape:5} {row.case:36} {row.contestant:7} {row.ms:8.3f} ms"
        f"  floor {row.floor_ms:.3f}  {row.ms.median / row.floor_ms:5.1f} x{first}"
    )


def run(shapes: Sequence[str], rounds: int, repeats: int) -> dict[str, Any]:
    """Measure and print; returns what belongs into a JSON file."""
    device = torch.device("cuda")
    bandwidth = copy_bandwidth(device)
    print(f"{describe('cuda')}; PyTorch {torch.__version__}; copies {bandwidth / 1e9:.0f} GB/s")
    rows = []
    for name in shapes:
        for row in measure(name, SHAPES[name], device, bandwidth, rounds, repeats):
            print(line_of(row), flush=True)
            rows.append(asdict(row))
    return {"device": describe("cuda"), "machine": describe_machine(None), "copy_bytes_s": bandwidth, "rows": rows}


def main() -> None:
    """Run what is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("PyTorch finds no GPU here: run this on a machine with one. On CPUs, use benchmarks.native_core.")
    results = run(arguments.shapes, arguments.rounds, arguments.repeats)
    if arguments.out:
        arguments.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

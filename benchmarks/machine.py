"""What the numbers were measured on, and what else that machine did meanwhile."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

_STAT, _CPUINFO = Path("/proc/stat"), Path("/proc/cpuinfo")
_TELLING_FLAGS = ("avx2", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "asimddp", "i8mm")
_PACKAGES = ("numpy", "torch", "onnxruntime")


@dataclass(frozen=True)
class CpuClock:
    """Processor time at one moment, in seconds."""

    wall: float
    all_processes: float
    ours: float

    @classmethod
    def now(cls, pids: Iterable[int]) -> CpuClock:
        """Read the clocks; `pids` are the processes that belong to the benchmark. Linux only; elsewhere nan."""
        if not _STAT.exists():
            return cls(time.perf_counter(), float("nan"), 0.0)
        return cls(time.perf_counter(), _busy_seconds(), sum(map(process_seconds, pids)))

    def foreign_cores_since(self, earlier: CpuClock) -> float:
        """Cores that other processes, or other machines on the same host, kept busy since `earlier`."""
        foreign = (self.all_processes - earlier.all_processes) - (self.ours - earlier.ours)
        return max(0.0, foreign / (self.wall - earlier.wall))


def _busy_seconds() -> float:
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, _STAT.read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def process_seconds(pid: int) -> float:
    """Processor time that a process has used so far; 0 where that cannot be told."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def describe(llama_cpp: str | None) -> dict[str, str]:
    """Machine and versions, for the head of a report; `llama_cpp` is the version that was built."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "mim-lsp": _commit(),
        **({"llama.cpp": llama_cpp} if llama_cpp else {}),
        **{package: version for package in _PACKAGES if (version := _version(package))},
        "date": time.strftime("%Y-%m-%d %H:%M %Z"),
    }


def load_average() -> str:
    """The system's load over the last 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def _processor() -> str:
    if not _CPUINFO.exists():
        return platform.processor() or platform.machine()
    fields = {
        key.strip(): value.strip()
        for key, _, value in (line.partition(":") for line in _CPUINFO.read_text().splitlines())
    }
    flags = fields.get("flags", fields.get("Features", "")).split()
    told = [flag for flag in _TELLING_FLAGS if flag in flags]
    family = f"family {fields['cpu family']} model {fields['model']}, " if "cpu family" in fields else ""
    return f"{fields.get('model name', platform.machine())} ({family}{' '.join(told)})"


def _commit() -> str:
    """The checkout's commit, and whether it has changes that are not in it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"], capture_output=True, text=True, check=False
    )
    return described.stdout.strip() or "unknown commit"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None

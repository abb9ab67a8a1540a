"""Times deformable attention beside its peers: `python -m kernels.bench --help`.

All candidates of a problem run in one process in interleaved rounds, so that what disturbs one disturbs all. The fastest of a
candidate's rounds is reported, because other work on the machine only ever adds. Ratios compare; milliseconds do not travel.
"""

import argparse
import json
import platform
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from kernels import reference
from kernels.bench_peers import Candidate, candidates
from kernels.bench_problems import PROBLEMS, inputs, moved

MOST_CALLS, TURN = 20, 0.1  # of a candidate in a row, and seconds that they may take on a CPU


@dataclass(frozen=True)
class Row:
    """One candidate on one problem; milliseconds, bytes that must move at least, and that time's share of what was taken."""

    problem: str
    batch: int
    dtype: str
    candidate: str
    forward_ms: float
    backward_ms: float
    error: float  # relative RMS of the output against the float32 reference
    forward_bytes: int
    backward_bytes: int
    forward_share: float
    backward_share: float


def seconds(function, options: argparse.Namespace) -> float:
    """Of one call, the mean of several in a row after one that is not counted.

    On a GPU that makes the launch of the first unimportant. On a CPU the inputs then lie as near as the caches let them, as in a
    detector, where value has been written the moment before; with other candidates in between, memory would be timed.
    """
    clock, cuda = time.process_time if options.processor_time else time.perf_counter, options.device == "cuda"
    begun = clock()
    function()
    calls = MOST_CALLS if cuda else max(1, min(MOST_CALLS, int(TURN / max(clock() - begun, 1e-9))))
    if cuda:
        torch.cuda.synchronize()
    begun = clock()
    for _ in range(calls):
        function()
    if cuda:
        torch.cuda.synchronize()
    return (clock() - begun) / calls


def captured(function, device: str):
    """On a GPU a replay of the call's kernels without the time Python takes to launch them; else the call itself."""
    if device != "cuda":
        return function
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for _ in range(3):
            function()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        function()
    return graph.replay


def bandwidth(options: argparse.Namespace) -> float:
    """Bytes a second of a copy, read and written."""
    source = torch.ones(1 << 26, device=options.device)
    target = torch.empty_like(source)
    target.copy_(source)
    return 2 * source.numel() * 4 / min(seconds(lambda: target.copy_(source), options) for _ in range(5))


def calls(candidate: Candidate, value: Tensor, shapes: tuple, locations: Tensor, weights: Tensor):
    """(forward, backward) without arguments; the backward pass of a graph that is kept."""
    leaves = [tensor.detach().clone().requires_grad_() for tensor in (value, locations, weights)]
    output = candidate(leaves[0], shapes, *leaves[1:])
    gradient = torch.linspace(-1, 1, output.numel(), device=output.device, dtype=output.dtype).view(output.shape)

    def forward():
        with torch.no_grad():
            return candidate(value, shapes, locations, weights)

    return forward, lambda: torch.autograd.grad(output, leaves, gradient, retain_graph=True)


def measure(name: str, batch: int, dtype: torch.dtype, options: argparse.Namespace, limit: float) -> list[Row]:
    """Rows of every candidate on one problem, in interleaved rounds."""
    value, shapes, locations, weights = inputs(name, batch, dtype, options.device)
    wanted = reference(value.float(), shapes, locations, weights.float())
    runs, errors, times = {}, {}, {}
    for label, candidate in candidates(options.device, options.compile, options.softmax).items():
        try:
            forward, backward = calls(candidate, value, shapes, locations, weights)
            errors[label] = ((forward().float() - wanted).norm() / wanted.norm()).item()
            backward()
            runs[label] = captured(forward, options.device), backward
        except Exception as problem:  # a peer that cannot do this dtype or size is no reason to measure nothing
            print(f"{label} left out of {name}, batch {batch}, {dtype}: {problem}", file=sys.stderr)
    for _ in range(options.rounds):
        for label, pair in runs.items():
            times.setdefault(label, []).append([seconds(function, options) for function in pair])
    traffic = moved(value, locations, weights, wanted.to(dtype))
    rows = []
    for label, rounds in times.items():
        taken = [min(column) for column in zip(*rounds, strict=True)]
        shares = [size / limit / spent for size, spent in zip(traffic, taken, strict=True)]
        milliseconds = [1e3 * spent for spent in taken]
        rows.append(Row(name, batch, str(dtype).removeprefix("torch."), label, *milliseconds, errors[label], *traffic, *shares))
    return rows


def table(rows: list[Row]) -> str:
    """Milliseconds, in brackets how many times as fast as the first peer, the official core."""
    header = "problem", "candidate", "forward ms", "backward ms", "both ms", "forward, of memory limit", "error"
    lines = [header, ("---",) * len(header)]
    for row in rows:
        key = row.problem, row.batch, row.dtype, "official core"
        peer = next((other for other in rows if (other.problem, other.batch, other.dtype, other.candidate) == key), row)
        ours, theirs = ((one.forward_ms, one.backward_ms, one.forward_ms + one.backward_ms) for one in (row, peer))
        times = [f"{mine:.3g} ({other / mine:.1f}x)" for mine, other in zip(ours, theirs, strict=True)]
        title = f"{row.problem}, batch {row.batch}, {row.dtype}"
        lines.append((title, row.candidate, *times, f"{100 * row.forward_share:.0f} %", f"{row.error:.1e}"))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine(device: str) -> dict:
    """What the numbers belong to."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    named = {"processor": processor, "threads": torch.get_num_threads(), "system": platform.system(), "torch": torch.__version__}
    return named | ({"gpu": torch.cuda.get_device_name()} if device == "cuda" else {})


def main() -> None:
    """Parses the command line, measures, prints the table and writes the JSON."""
    parser = argparse.ArgumentParser(prog="python -m kernels.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=list(PROBLEMS), metavar="NAME", help=f"of {', '.join(PROBLEMS)}")
    parser.add_argument("--batches", nargs="+", type=int, default=[1])
    parser.add_argument("--dtypes", nargs="+", choices=("float32", "bfloat16", "float16"), default=["float32"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--processor-time", action="store_true", help="count this process's time only: one thread on a busy machine")
    parser.add_argument("--compile", action="store_true", help="also torch.compile of the reference, which takes minutes on a CPU")
    parser.add_argument("--softmax", action="store_true", help="also ours with a softmax of scores before it and fused into it")
    parser.add_argument("--json", type=Path, help="write everything measured here")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    limit = bandwidth(options)
    clock = "processor time" if options.processor_time else "wall clock"
    about = machine(options.device) | {"clock": clock, "memory GB/s": round(limit / 1e9, 1)}
    print(", ".join(f"{key} {value}" for key, value in about.items()), flush=True)
    rows = []
    for name in options.problems:
        for batch in options.batches:
            for dtype in options.dtypes:
                rows += measure(name, batch, getattr(torch, dtype), options, limit)
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps({"machine": about, "rounds": options.rounds, "rows": [asdict(row) for row in rows]}, indent=1))


if __name__ == "__main__":
    main()

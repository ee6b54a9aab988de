"""`mim-lsp eval parameters`."""

from __future__ import annotations

import argparse
from pathlib import Path

from mim_lsp.cli.flags import Commands, add_command, add_option_flags, whole

_WAYS = ("action", "action_forward", "action_alone", "infill", "forward")  # as in evaluation.parameter_ways


def add(parts: Commands) -> argparse.ArgumentParser:
    """Add the command to `mim-lsp eval`."""
    example = "mim-lsp eval parameters --corpus .cache/corpora/py-nano --count 1000"
    summary = "parameters, and arguments, that are taken out of held-out code and asked back"
    command = add_command(parts, "parameters", _run, summary, example)
    command.add_argument("--corpus", type=Path, metavar="DIR", required=True, help="a corpus folder")
    command.add_argument("--count", type=whole, metavar="N", default=1000, help="of each, at most (default: 1000)")
    command.add_argument("--seed", type=whole, metavar="S", default=1, help="of the draws (default: 1)")
    command.add_argument(
        "--ways", nargs="+", choices=_WAYS, default=_WAYS, metavar="WAY", help=f"of {', '.join(_WAYS)} (default: all)"
    )
    add_option_flags(command)
    return command


def _run(args: argparse.Namespace) -> int:
    from dataclasses import replace

    from mim_lsp.cli.options import given_options, runtime_options
    from mim_lsp.cli.output import print_report
    from mim_lsp.cli.texts import heldout_texts
    from mim_lsp.completion import open_completer
    from mim_lsp.evaluation.arguments import draw_arguments, measure_arguments
    from mim_lsp.evaluation.parameters import draw_removals, measure_parameters
    from mim_lsp.evaluation.progress import progress_bar
    from mim_lsp.parameters.proposals import OPTIONS

    texts = heldout_texts(args.corpus, None)
    cases = draw_removals(texts, args.count, args.seed)
    calls = draw_arguments(texts, args.count, args.seed)
    completer = open_completer(args.model, runtime_options(args))
    options = replace(OPTIONS, **given_options(args))
    with progress_bar("parameters", len(cases)) as advance:
        report = measure_parameters(completer, cases, ways=args.ways, options=options, progress=advance)
    with progress_bar("arguments", len(calls)) as advance:
        arguments = measure_arguments(completer, calls, ways=args.ways, options=options, progress=advance)
    print_report(replace(report, arguments=arguments), as_json=args.json)
    return 0

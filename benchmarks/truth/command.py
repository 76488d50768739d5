"""The command line of the truth bench."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from .bench import Alarm, Bench, Verdict, quiet, timed
from .models import LARGE, MODELS
from .mutations import MUTATIONS
from .nonchanges import NON_CHANGES, TWO_WAYS
from .peers import PEERS
from .variants import VARIANTS

#: A sample leaves out what takes seconds to build, but for one.
_SAMPLE = 400


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the bench and exit with 1 if anything was missed or falsely reported."""
    options = _options(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    quiet()
    keras = import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") else "keras")
    names = options.models.split(",") if options.models else None
    if names is None and options.count <= _SAMPLE and not options.write:
        names = [name for name in MODELS if name not in LARGE or name == "mobilenetv2"]
    bench = Bench(keras, names)
    if options.write:
        Path(options.write).write_text(json.dumps(bench.written()), encoding="utf-8")
        return
    _, building = timed(bench.bases())
    verdicts, mutating = timed(bench.mutations(options.count, options.seed))
    alarms, checking = timed(
        bench.non_changes(3 if options.count <= _SAMPLE else None, options.seed)
        if options.non_changes
        else ()
    )
    if options.non_changes:
        alarms += bench.elsewhere()
    for path in options.against:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        alarms += bench.against(f"as written in {Path(path).stem}", found)
    print(f"{bench.bases()[0].table.recorded_with}: {len(bench.bases())} models, ", end="")
    print(f"built in {building:.0f} s; {len(verdicts)} changes in {mutating:.0f} s, ", end="")
    print(f"{len(alarms)} non-changes in {checking:.0f} s")
    print(report(bench, verdicts, alarms))
    if options.json:
        data = {"mutations": list(map(asdict, verdicts)), "non_changes": list(map(asdict, alarms))}
        Path(options.json).write_text(json.dumps(data, indent=1), encoding="utf-8")
    right = all(verdict.is_right for verdict in verdicts)
    sys.exit(0 if right and not any(alarm.said for alarm in alarms) else 1)


def _options(arguments: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000, help="how many changes to make")
    parser.add_argument("--seed", type=int, default=1, help="what the random places follow")
    parser.add_argument("--models", help="names of models, joined by commas (default: all)")
    parser.add_argument("--json", metavar="OUT", help="write every verdict to this file")
    parser.add_argument("--write", metavar="OUT", help="write the models' tables and do no more")
    parser.add_argument(
        "--against",
        metavar="FILE",
        action="append",
        default=[],
        help="tables that --write wrote elsewhere: under another Keras or backend",
    )
    parser.add_argument(
        "--no-non-changes", dest="non_changes", action="store_false", help="only changes"
    )
    return parser.parse_args(arguments)


def report(bench: Bench, verdicts: list[Verdict], alarms: list[Alarm]) -> str:
    """The figures, and what is wrong by name."""
    total, quiet_total = len(verdicts), len(alarms)
    lines = [
        f"{len({v.name for v in verdicts})} of {len(MUTATIONS) + len(VARIANTS)} kinds of change, "
        f"{len({a.name for a in alarms})} of {len(NON_CHANGES) + len(TWO_WAYS) + 1} non-changes",
        "",
        f"{'':32}{'reported':>18}{'right layer':>18}{'right category':>18}{'false alarms':>18}",
        _line(
            "pytest-layersnap",
            _share(sum(v.reported for v in verdicts), total),
            _share(sum(v.reported and v.right_layer for v in verdicts), total),
            _share(sum(v.reported and v.right_category for v in verdicts), total),
            _share(sum(bool(a.said) for a in alarms), quiet_total),
        ),
    ]
    for peer in PEERS:
        seen = _share(sum(v.peers.get(peer, False) for v in verdicts), total)
        false = _share(sum(a.peers.get(peer, False) for a in alarms), quiet_total)
        lines.append(_line(peer, seen, "", "", false))
    lines.append("")
    for verdict in verdicts:
        if not verdict.is_right:
            kind = "MISS" if not verdict.reported else "CATEGORY"
            kind = "LAYER" if verdict.reported and not verdict.right_layer else kind
            where = f"{verdict.model}, {verdict.place}"
            lines.append(f"{kind} {verdict.name} ({where}): {verdict.said}")
    lines += [f"FALSE ALARM {a.name} ({a.model}): {a.said}" for a in alarms if a.said]
    lines += [f"not built: {name}: {reason}" for name, reason in bench.not_built.items()]
    lines += [
        f"refused by Keras {count} times: {name} (last: {bench.reasons[name]})"
        for name, count in bench.not_possible.items()
    ]
    return "\n".join(lines)


def _line(name: str, *cells: str) -> str:
    return f"{name:32}" + "".join(f"{cell:>18}" for cell in cells)


def _share(part: int, total: int) -> str:
    return f"{part} ({100 * part / total:.1f} %)" if total else "-"

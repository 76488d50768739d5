"""Time, peak memory and items of one comparison, in a process of its own that can be cut off."""

from __future__ import annotations

import gc
import math
import multiprocessing
import resource
import signal
import sys
import time
import timeit
from dataclasses import dataclass
from multiprocessing.connection import Connection

from benchmarks.compare.methods import METHODS
from pytest_layersnap.table import LayerTable

#: Shorter times than this the processor's clock does not tell; a clock on the wall measures them.
_COARSE = 0.2


@dataclass(frozen=True, slots=True)
class Cell:
    """What one method did with one case; None where it was cut off.

    Args:
        seconds: the processor time that it took, which other programs on the machine change little.
        megabytes: the memory that it took at its peak, beyond the two tables.
        items: how many items it reports.
    """

    seconds: float | None
    megabytes: float | None = None
    items: int | None = None


def measure(method: str, recorded: LayerTable, current: LayerTable, limit: float) -> Cell:
    """Compare two tables in a fork, for so many seconds of processor time at most."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(
        target=_run, args=(method, recorded, current, limit, sender)
    )
    process.start()
    sender.close()
    try:
        cell: Cell = receiver.recv()
        return cell
    except EOFError:
        process.join()
        if process.exitcode == -signal.SIGXCPU:
            return Cell(None)
        raise SystemExit(f"{method} failed on {len(recorded)} rows") from None
    finally:
        process.join()


def _run(
    method: str, recorded: LayerTable, current: LayerTable, limit: float, sender: Connection
) -> None:
    compared = METHODS[method]
    compared(*(LayerTable(table.layers[:9]) for table in (recorded, current)))  # imports
    gc.collect()
    before = _peak()
    start = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(start + limit), resource.RLIM_INFINITY))
    items = compared(recorded, current)
    seconds, megabytes = time.process_time() - start, _peak() - before
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    if seconds < _COARSE:
        seconds = min(timeit.repeat(lambda: compared(recorded, current), number=1, repeat=5))
    else:
        timer = time.process_time
        again = timeit.repeat(lambda: compared(recorded, current), timer=timer, number=1, repeat=2)
        seconds = min(seconds, *again)
    sender.send(Cell(seconds, megabytes, items))


def _peak() -> float:
    """The largest memory that this process has taken, in megabytes."""
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit

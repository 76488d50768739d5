"""Time, peak memory and items of one comparison, in a process of its own that can be cut off."""

from __future__ import annotations

import gc
import multiprocessing
import resource
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

from benchmarks.compare.methods import METHODS
from pytest_layersnap.table import LayerTable


@dataclass(frozen=True, slots=True)
class Cell:
    """What one method did with one case; None where it was cut off.

    Args:
        seconds: how long it took.
        megabytes: the memory that it took at its peak, beyond the two tables.
        items: how many items it reports.
    """

    seconds: float | None
    megabytes: float | None = None
    items: int | None = None


def measure(method: str, recorded: LayerTable, current: LayerTable, limit: float) -> Cell:
    """Compare two tables in a fork, for so many seconds at most."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(
        target=_run, args=(method, recorded, current, sender)
    )
    process.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(limit) else Cell(None)
    except EOFError:
        raise SystemExit(f"{method} failed on {len(recorded)} rows") from None
    finally:
        process.kill()
        process.join()


def _run(method: str, recorded: LayerTable, current: LayerTable, sender: Connection) -> None:
    compared = METHODS[method]
    compared(*(LayerTable(table.layers[:9]) for table in (recorded, current)))  # imports
    gc.collect()
    before = _peak()
    start = time.perf_counter()
    items = compared(recorded, current)
    seconds = time.perf_counter() - start
    sender.send(Cell(seconds, _peak() - before, items))


def _peak() -> float:
    """The largest memory that this process has taken, in megabytes."""
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit

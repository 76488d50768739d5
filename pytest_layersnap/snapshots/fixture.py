"""What the fixture ``layersnap`` gives to a test."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_layersnap import csvfile
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.scope import Scope
from pytest_layersnap.snapshots import MissingSnapshot, naming, preview
from pytest_layersnap.snapshots.naming import SnapshotNameError
from pytest_layersnap.snapshots.results import Result
from pytest_layersnap.snapshots.store import BrokenSnapshot, Store
from pytest_layersnap.table import LayerTable

if TYPE_CHECKING:
    from pytest_layersnap.drift import Drift

# A failure is shown at the line of the test, and says all; our frames would say nothing more.
__tracebackhide__ = True


class WeightsAllocated(LayersnapError, AssertionError):
    """Building a model allocated more of its weights than a check allows; the message says which."""

    __module__ = "pytest_layersnap"


@dataclass(frozen=True, slots=True)
class Origin:
    """The test that checks.

    Args:
        test: its id.
        file: its file, relative to the root directory; ``None`` if it lies outside.
        name: its name with classes and parameters.
        scope: what its markers select.
        accept: the command that records its snapshots.
        color: whether the terminal that shows its failure is colored.
        in_ci: whether it runs in a CI, where nothing can be accepted.
    """

    test: str
    file: PurePosixPath | None
    name: str
    scope: Scope
    accept: str
    color: bool
    in_ci: bool


class NoBehavior(LayersnapError, AssertionError):
    """A check asks what layers compute, and its snapshot does not say; the message says how it will."""

    __module__ = "pytest_layersnap"


class LayerSnap:
    """Compares models with their snapshots.

    ``check`` is all that most tests need; ``assert model == layersnap`` does the same.
    """

    def __init__(
        self,
        origin: Origin,
        store: Store,
        *,
        update: bool,
        export: bool,
        told: bool,
        tolerance: float,
        record: Callable[[Result], None],
    ) -> None:
        """Compare for one test.

        Args:
            origin: the test.
            store: the folder of all snapshots.
            update: whether what differs is to be recorded, and fails nothing.
            export: whether the tables are asked for that are the recorded ones.
            told: whether anybody is told what is recorded, in one line a snapshot.
            tolerance: what the tolerances for numbers are multiplied by.
            record: takes what each check finds.
        """
        self._origin = origin
        self._store = store
        self._update = update
        self._export = export
        self._told = told
        self._tolerance = tolerance
        self._record = record
        self._unnamed = 0

    def check(
        self,
        model_or_builder: Any,
        *,
        name: str | None = None,
        only: Iterable[str] | None = None,
        ignore: Iterable[str] | None = None,
        behavior: bool | None = None,
        max_allocated: int | None = None,
    ) -> None:
        """Compare a model with its snapshot.

        Args:
            model_or_builder: a built Keras model, a callable that builds one (its weights are not
                allocated), the path of a ``.keras`` or ``.h5`` file, or a ``LayerTable``.
            name: the snapshot's path inside the folder of snapshots, as in ``transfer/resnet50``;
                without it the test's file and name make the path.
            only: the categories or columns to compare.
            ignore: the categories or columns to leave out.
            behavior: whether the layers are evaluated, each by itself, and what they compute is compared;
                without it this is done where the snapshot was recorded so.
            max_allocated: how many bytes of weights the callable may allocate nevertheless.

        With ``--snapshot-update`` nothing fails here: what the test saw is recorded once it has
        passed.

        Raises:
            LayerDrift: the architecture is not the recorded one; the message is the report.
            MissingSnapshot: there is no snapshot yet.
            NoBehavior: the snapshot does not say what the layers compute.
            WeightsAllocated: building allocated more than ``max_allocated``, also if the model is right.
            ModelError, ScopeError, SnapshotNameError, StoreError, TableError: the model, an
                argument, or the snapshot can't be used; the message says why.
        """
        scope = Scope.of(only, ignore, behavior)
        failure = self._failure(model_or_builder, name, scope, max_allocated)
        if failure is not None:
            raise failure

    def check_all(
        self,
        models: Mapping[str, Any],
        *,
        only: Iterable[str] | None = None,
        ignore: Iterable[str] | None = None,
        behavior: bool | None = None,
    ) -> None:
        """Compare several models, each with the snapshot of its name, and report all at once.

        Raises:
            LayerDrift: one of them drifted; the message has every report.
            MissingSnapshot: none drifted, and a snapshot is missing.
            AssertionError: several of them can't be used. (A single one raises what ``check``
                does.)
            TypeError: the models are not given by name.
            ValueError: there is no model.
        """
        if not isinstance(models, Mapping):
            raise TypeError(
                f"check_all takes models by the names of their snapshots, as in "
                f"{{'resnet50': model}}, not a {type(models).__name__}"
            )
        if not models:
            raise ValueError("check_all got no models; give it at least one")
        scope = Scope.of(only, ignore, behavior)
        failures = {
            name: failure
            for name, model in models.items()
            if (failure := self._failure(model, name, scope)) is not None
        }
        if failures:
            raise _joined(failures, of=len(models))

    def table(self, model_or_builder: Any, *, behavior: bool = False) -> LayerTable:
        """The layer table of a model, or of what a callable builds.

        Args:
            model_or_builder: what ``check`` takes.
            behavior: whether the layers are evaluated, too.

        Raises:
            ModelError: it is no model, or not built.
        """
        try:
            return _table(model_or_builder, name=None, behavior=behavior)
        except LayersnapError as error:
            raise error.with_traceback(None) from None

    def __eq__(self, model_or_builder: object) -> bool:
        """Check a model: ``assert model == layersnap``."""
        self.check(model_or_builder)
        return True

    def __repr__(self) -> str:
        """Name the test; pytest shows the value of a fixture where a test fails."""
        return f"<layersnap of {self._origin.test}>"

    def _failure(
        self, model_or_builder: Any, name: str | None, scope: Scope, limit: int | None = None
    ) -> Exception | None:
        """Why a check fails, if it does; what it found is recorded."""
        try:
            found, failure = self._compared(
                model_or_builder, name, self._origin.scope.refined(scope), limit
            )
        except LayersnapError as error:  # raised anew from where it is seen
            return error.with_traceback(None)
        self._record(found)
        return None if failure is None or self._update else failure()

    def _compared(
        self, model_or_builder: Any, name: str | None, scope: Scope, limit: int | None
    ) -> tuple[Result, Callable[[], Exception] | None]:
        number = self._unnamed
        snapshot = self._path(name)
        recorded = self._store.data(snapshot)
        behavior = scope.behavior
        if behavior is None:
            behavior = recorded is not None and csvfile.has_behavior(recorded)
        if limit is None:
            table = _table(model_or_builder, name=name, behavior=behavior)
        else:
            table = _table_within(limit, model_or_builder, name=name, behavior=behavior)
        if scope.behavior and not table.has_behavior:
            raise NoBehavior(
                "the given table lacks the numbers that its layers compute, which this check compares: "
                "read it with layer_table(model, behavior=True)"
            )
        dumped = csvfile.parted(table)
        same = recorded is not None and dumped.is_in(recorded)
        if not same:
            csvfile.require(table, dumped)
            if recorded is not None and table.has_behavior:
                table = self._settled(snapshot, recorded, table)
                dumped = csvfile.parted(table)
                same = dumped.is_in(recorded)
        scoped = scope.selects
        text = dumped.data.decode("utf-8")
        result = partial(
            Result,
            test=self._origin.test,
            snapshot=snapshot,
            name=name,
            number=number,
            only=None if scope.only is None else sorted(scope.only),
            ignore=None if scope.ignore is None else sorted(scope.ignore),
            accept=self._origin.accept,
        )
        digest = "" if same and not self._update else _digest(table, dumped)
        found = partial(
            result,
            finding="same",
            digest=digest if self._update else "",
            table=text if self._export or (self._update and (scoped or table.has_behavior)) else "",
        )
        if same:
            return found(), None
        received = partial(result, digest=digest, table=text)
        if recorded is None:
            missing = received(finding="missing", summary=preview.totals(table))
            return missing, partial(self._missing, snapshot, table)
        if not (self._told or scoped) and csvfile.differs(recorded, table):
            return received(finding="drifted"), None
        try:
            before = self._store.table(snapshot, recorded)
        except BrokenSnapshot as error:
            summary = f"in place of a broken snapshot: {error}"
            broken = received(finding="broken", summary=summary)
            return broken, partial(self._broken, str(error))
        lacking = table.has_behavior and not before.has_behavior
        if not lacking and before.same_architecture(table):
            return found(), None
        # Not at the top: what is as it was recorded needs no more than its bytes.
        from pytest_layersnap.drift import compare

        drift = compare(
            before, table, only=scope.only, ignore=scope.ignore, tolerance=self._tolerance
        )
        if lacking and not drift:
            summary = "the numbers that its layers compute are recorded, too"
            return received(finding="drifted", summary=summary), partial(
                self._no_behavior, snapshot
            )
        if not drift:
            return found(), None
        drifted = received(finding="drifted", summary=drift.summary)
        return drifted, partial(self._drifted, snapshot, drift)

    def _settled(self, snapshot: str, recorded: bytes, table: LayerTable) -> LayerTable:
        """The table with the recorded numbers where its own are as good."""
        from pytest_layersnap.comparison.behavior import settled

        try:
            return settled(self._store.table(snapshot, recorded), table, self._tolerance)
        except BrokenSnapshot:  # which is said where it is read
            return table

    def _no_behavior(self, snapshot: str) -> NoBehavior:
        return NoBehavior(
            f"{self._store.shown}/{snapshot} was recorded without the numbers that its layers "
            f"compute, which this check compares; its architecture is unchanged. "
            f"Record them with\n  {self._origin.accept}"
        )

    def _path(self, name: str | None) -> str:
        if name is not None:
            return naming.explicit(name)
        if self._origin.file is None:
            raise SnapshotNameError(
                f"{self._origin.test} lies outside the root directory, so its file makes no path "
                "there; give the check a name="
            )
        number, self._unnamed = self._unnamed, self._unnamed + 1
        return naming.derived(self._origin.file, self._origin.name, number)

    def _broken(self, reason: str) -> BrokenSnapshot:
        return BrokenSnapshot(f"{reason}\n\nRecord it anew with\n  {self._origin.accept}")

    def _missing(self, snapshot: str, table: LayerTable) -> MissingSnapshot:
        return MissingSnapshot(
            f"there is no snapshot {self._store.shown}/{snapshot} yet; it would hold\n\n"
            f"{preview.head(table)}\n\nRecord it with\n  {self._origin.accept}"
        )

    def _drifted(self, snapshot: str, drift: Drift) -> Exception:
        from pytest_layersnap.drift import LayerDrift

        accept = None if self._origin.in_ci else self._origin.accept
        failure = LayerDrift(drift, accept=accept, color=self._origin.color)
        failure.args = (f"{self._store.shown}/{snapshot}: {failure}",)
        return failure


def _table(model_or_builder: Any, *, name: str | None, behavior: bool) -> LayerTable:
    if not isinstance(model_or_builder, LayerTable):
        # Not at the top: a check of a table reads no model.
        from pytest_layersnap.extract import layer_table

        return layer_table(model_or_builder, name=name, behavior=behavior)
    return model_or_builder if name is None else model_or_builder.renamed(name)


def _table_within(limit: int, builder: Any, *, name: str | None, behavior: bool) -> LayerTable:
    from pytest_layersnap.extract import ModelError, layer_table
    from pytest_layersnap.extract.reader import is_a
    from pytest_layersnap.extract.weightless import weightless

    if not callable(builder) or is_a(builder, "Layer"):
        raise ModelError("max_allocated= needs a function that builds the model, not the model")
    with weightless() as memory:
        table = layer_table(builder, name=name, behavior=behavior)
    if memory.allocated > limit:
        raise WeightsAllocated(f"{memory}; max_allocated= allows {limit:,} bytes")
    return table


def _digest(table: LayerTable, dumped: csvfile.Dumped) -> str:
    """Stands for the architecture of a table, whoever recorded it; not for what it computes."""
    compared = table.compared()
    if table.has_behavior:
        layers = (replace(layer, behavior="") for layer in compared)
        compared = LayerTable(tuple(layers))
    if compared.layers != table.layers:
        dumped = csvfile.parted(compared)
    return hashlib.sha256(dumped.before + dumped.after).hexdigest()


def _joined(failures: Mapping[str, Exception], *, of: int) -> Exception:
    """One failure that says what all of them say."""
    if len(failures) == 1:
        return next(iter(failures.values()))
    from pytest_layersnap.drift import LayerDrift
    from pytest_layersnap.report.alike import alike

    drifts = {
        name: failure.drift for name, failure in failures.items() if isinstance(failure, LayerDrift)
    }
    groups = [*alike(drifts), *([name] for name in failures if name not in drifts)]
    reports = [f"----- {', '.join(same)} -----\n{failures[same[0]]}" for same in groups]
    text = "\n\n".join([f"{len(failures)} of {of} models fail: {', '.join(failures)}", *reports])
    if drifts:
        joined = LayerDrift(drifts.values())
        joined.args = (text,)
        return joined
    if any(isinstance(failure, MissingSnapshot) for failure in failures.values()):
        return MissingSnapshot(text)
    return AssertionError(text)

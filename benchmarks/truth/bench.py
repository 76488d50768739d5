"""Applying the catalogues and judging what the comparison says."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from types import ModuleType
from typing import Any

from pytest_layersnap import LayerTable, ModelError, compare, layer_table

from . import freezing, graphs, nonchanges, peers
from .bases import Base, paths
from .models import MODELS
from .mutations import MUTATIONS, Mutated
from .variants import VARIANTS

_CATALOGUES = (freezing, graphs)  # imported for what they add to it

#: Rows of a model that is quickly built again.
_SMALL = 100
#: To how many larger ones each non-change is applied.
_LARGE_EACH = 2


@dataclass
class Verdict:
    """What the comparison said of one change.

    Args:
        name: of the mutation.
        model: of the model.
        place: where it was made.
        reported: whether there was any drift.
        right_layer: whether the expected layers were named, and no others where none may be.
        right_category: whether they were named under the expected categories.
        said: the drift in short, where something is wrong.
        peers: which of the peers saw a difference.
    """

    name: str
    model: str
    place: str
    reported: bool
    right_layer: bool
    right_category: bool
    said: str = ""
    peers: dict[str, bool] = field(default_factory=dict)

    @property
    def is_right(self) -> bool:
        """Whether there is nothing to complain of."""
        return self.reported and self.right_layer and self.right_category


@dataclass
class Alarm:
    """What the comparison said of a non-change: nothing, if all is well."""

    name: str
    model: str
    said: str
    peers: dict[str, bool]


class Bench:
    """Models of one Keras, built once each, and the verdicts over them."""

    def __init__(self, keras: ModuleType, names: Iterable[str] | None = None) -> None:
        """Choose the models.

        Args:
            keras: Keras 2 or 3.
            names: of models; all by default.
        """
        self.keras = keras
        self.names = list(MODELS if names is None else names)
        self.not_built: dict[str, str] = {}
        self.not_possible: Counter[str] = Counter()
        self.reasons: dict[str, str] = {}
        self._bases: dict[str, Base] = {}
        self._views: dict[str, dict[str, Any]] = {}
        self._variants: dict[Any, tuple[LayerTable, dict[str, Any]]] = {}

    def bases(self) -> list[Base]:
        """All models that this Keras can build."""
        for name in self.names:
            if name not in self._bases and name not in self.not_built:
                try:
                    model = MODELS[name](self.keras)
                except Exception as error:  # some release has no such layer
                    self.not_built[name] = _short(error)
                    continue
                self._bases[name] = Base(name, self.keras, model)
                self._views[name] = peers.capture(model)
        return list(self._bases.values())

    # --- changes ------------------------------------------------------------------------------

    def mutations(self, count: int, seed: int) -> Iterator[Verdict]:
        """Apply this many mutations, each name as often as the others, at random places."""
        names = [*MUTATIONS, *VARIANTS]
        random = Random(seed)
        done = 0
        barren: set[str] = set()
        while done < count and len(barren) < len(names):
            random.shuffle(names)
            for name in names:
                if done >= count or name in barren:
                    continue
                verdict = self._apply(name, random)
                if verdict is None:
                    barren.add(name)
                    continue
                done += 1
                yield verdict

    def _apply(self, name: str, random: Random) -> Verdict | None:
        if name in VARIANTS:
            return self._variant(name)
        bases = self.bases()
        # Large models take seconds to build again: they come rarely.
        weighted = sorted(bases, key=lambda base: random.random() ** (len(base.table) + 20))
        for base in reversed(weighted):
            try:
                mutated = MUTATIONS[name](base, random)
            except (
                Exception
            ) as error:  # not every value fits every place: Keras refuses to build it
                self._refused(name, base.name, error)
                continue
            if mutated is not None:
                try:
                    return self._judge(name, base, mutated)
                finally:
                    mutated.undo()
        return None

    def _refused(self, name: str, model: str, error: Exception) -> None:
        self.not_possible[name] += 1
        self.reasons[name] = f"{model}: {_short(error)}"

    def _judge(self, name: str, base: Base, mutated: Mutated) -> Verdict:
        current = layer_table(mutated.model)
        expected = dict(mutated.expected)
        if mutated.added:
            found = paths(mutated.model, current)
            expected |= {found[chain]: {"layers"} for chain in mutated.added}
        verdict = judge(name, base.name, base.table, current, expected, mutated.alone)
        verdict.place = mutated.place
        view = peers.capture(mutated.model)
        verdict.peers = peers.reported(self._views[base.name], view)
        return verdict

    def _variant(self, name: str) -> Verdict | None:
        variant = VARIANTS[name]
        if variant.only_keras3 and not hasattr(self.keras, "ops"):
            return None
        builder = variant.build.__name__
        try:
            usual = None if variant.build in self._variants else variant.build(self.keras)
            model = variant.build(self.keras, **variant.changed)
        except Exception as error:  # some release can't build it
            self._refused(name, builder, error)
            return None
        if usual is not None:
            self._variants[variant.build] = layer_table(usual), peers.capture(usual)
        recorded, view = self._variants[variant.build]
        verdict = judge(
            name, builder, recorded, layer_table(model), variant.expected, variant.alone
        )
        verdict.place = str(variant.changed)
        verdict.peers = peers.reported(view, peers.capture(model))
        return verdict

    # --- non-changes --------------------------------------------------------------------------

    def non_changes(self, each: int | None = None, seed: int = 1) -> Iterator[Alarm]:
        """Apply every non-change to models that it can be made of.

        Args:
            each: to how many models; by default to all but most of the large ones.
            seed: what the choice of models follows.
        """
        random = Random(seed)
        for name, make in nonchanges.NON_CHANGES.items():
            bases = random.sample(self.bases(), len(self.bases()))
            large = [base for base in bases if len(base.table) >= _SMALL]
            bases = [base for base in bases if base not in large]
            if each is None:  # large models take seconds each time
                bases += large[:_LARGE_EACH]
            made = 0
            for base in bases:
                if made == each:
                    break
                try:
                    model = make(base, MODELS[base.name])
                except Exception as error:  # can't be saved, cloned or trained
                    self._refused(name, base.name, error)
                    continue
                try:
                    table = layer_table(model)
                except ModelError as error:  # comes back without shapes
                    self._refused(name, base.name, error)
                    continue
                made += 1
                yield self._alarm(name, base, table, peers.capture(model))
        for name, build in nonchanges.TWO_WAYS.items():
            one, other = build(self.keras), build(self.keras, turned=True)
            drift = compare(layer_table(one), layer_table(other))
            seen = peers.reported(peers.capture(one), peers.capture(other))
            yield Alarm(name, build.__name__, _said(drift), seen)

    def elsewhere(self, hash_seed: int = 4711) -> Iterator[Alarm]:
        """The same models from another process."""
        names = [base.name for base in self.bases()]
        found = nonchanges.elsewhere(names, hash_seed)
        yield from self.against("built in another process", found)

    def against(self, name: str, found: dict[str, dict[str, Any]]) -> Iterator[Alarm]:
        """The same models as another program wrote them with ``--write``."""
        from pytest_layersnap import csvfile

        for base in self.bases():
            if base.name in found:
                table = csvfile.load(found[base.name]["table"].encode("utf-8"))
                yield self._alarm(name, base, table, found[base.name]["peers"])

    def written(self) -> dict[str, dict[str, Any]]:
        """All models' tables and the peers' views of them, for another program."""
        return {
            base.name: {"table": base.table.to_csv(), "peers": self._views[base.name]}
            for base in self.bases()
        }

    def _alarm(self, name: str, base: Base, table: LayerTable, view: dict[str, Any]) -> Alarm:
        drift = compare(base.table, table)
        return Alarm(name, base.name, _said(drift), peers.reported(self._views[base.name], view))


def judge(
    name: str,
    model: str,
    recorded: LayerTable,
    current: LayerTable,
    expected: dict[str, set[str]],
    alone: bool,
) -> Verdict:
    """Hold what the comparison says against what it must say."""
    drift = compare(recorded, current)
    found: dict[str, set[str]] = {}
    stray = []
    for change in drift.changes:
        names = {change.layer, change.recorded_layer} - {None}
        for each in names:
            found.setdefault(str(each), set()).update(change.categories)
        if not names & set(expected):
            stray.append(change.layer)
    right_layer = set(expected) <= set(found) and not (alone and stray)
    right_category = all(expected[path] <= found.get(path, set()) for path in expected)
    verdict = Verdict(name, model, "", bool(drift), right_layer, right_category)
    if not verdict.is_right:
        verdict.said = f"expected {_plain(expected)}{' alone' if alone else ''}, got {_said(drift)}"
    return verdict


def _plain(expected: dict[str, set[str]]) -> dict[str, list[str]]:
    return {path: sorted(categories) for path, categories in list(expected.items())[:6]}


def _said(drift: Any) -> str:
    """The drift on one line."""
    if not drift:
        return ""
    parts = []
    for change in drift.changes[:5]:
        details = "; ".join(
            f"{each.path}: {each.recorded!r} → {each.current!r}" for each in change.differences[:3]
        )
        parts.append(f"{change.kind} {change.layer} {sorted(change.categories)} {details}"[:300])
    more = f" and {len(drift.changes) - 5} more" if len(drift.changes) > 5 else ""
    return " | ".join(parts) + more


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:160]


def quiet() -> None:
    """Keep Keras' remarks about lambdas, old formats and untrained models out of the report."""
    warnings.simplefilter("ignore")


def timed(what: Iterable[Any]) -> tuple[list[Any], float]:
    """All items, and how long they took."""
    start = time.perf_counter()
    found = list(what)
    return found, time.perf_counter() - start

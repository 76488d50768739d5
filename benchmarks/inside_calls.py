"""Changes inside ``call``, made at random: each must be seen, on a row that it changes and on no other.

Layers and subclassed models are generated, and changed in one place of what their ``call`` does: the
order of layers, a residual, a layer called twice or no longer, arguments swapped, another tensor fed.
What the generator did is the judge, and numbers: changes after which the same comes out are left out. The
same ``call``, written otherwise, must not drift.

python benchmarks/inside_calls.py --count 60 --write build/calls/keras3-torch
python benchmarks/inside_calls.py --count 60 --against build/calls/keras3-torch

``--against`` holds all tables to those that another environment has written.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pytest_layersnap import Drift, LayerTable, compare, layer_table
from tests.extract.inside_models import around, called, feed_forward, layer

_SHAPE = (4, 6)
#: Layers by how many tensors they take.
_KINDS = {"dense": 1, "norm": 1, "feed": 1, "attend": 2, "join": 2}
_SUM, _PRODUCT, _RELU = "sum", "product", "relu"
_ARITHMETIC: dict[str, Callable[[list[Any]], Any]] = {
    _SUM: sum,
    _PRODUCT: lambda given: np.prod(given, axis=0),
    _RELU: lambda given: np.maximum(given[0], 0),
}


@dataclass(frozen=True)
class Step:
    """One tensor inside ``call``: what makes it, of which earlier ones.

    Args:
        what: the name of a layer, or of an operation.
        of: the places of the tensors that it takes.
    """

    what: str
    of: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """What a ``call`` does: it gives the last of its tensors.

    Args:
        layers: the layers it has, by name, in the order in which they are made.
        inputs: how many tensors it is given.
        steps: the tensors it makes.
    """

    layers: tuple[str, ...]
    inputs: int
    steps: tuple[Step, ...]

    @property
    def calls(self) -> list[int]:
        """The places of the steps that call layers."""
        return [place for place, step in enumerate(self.steps) if step.what in self.layers]

    def tensor(self, place: int) -> int:
        """Which tensor a step makes."""
        return self.inputs + place


def program(random: Random) -> Program:
    """A random ``call`` in which no tensor is for nothing."""
    kinds = random.choices(list(_KINDS), weights=(4, 1, 1, 1, 2), k=random.randint(3, 6))
    layers = tuple(f"{kind}_{letter}" for letter, kind in zip("abcdef", kinds, strict=False))
    inputs = random.randint(1, 2)
    made = Program(layers, inputs, ())
    steps: list[Step] = []
    again = random.sample(layers, random.randint(0, 1))
    for name in (*layers, *again):
        last = made.tensor(len(steps)) - 1
        of = [last if random.random() < 0.75 else random.randint(0, last)]
        if _arity(name) == 2:
            of.append(random.randint(0, last))
        steps.append(Step(name, tuple(of)))
        if random.random() < 0.35 and of[0] != last + 1:
            steps.append(Step(_SUM, (of[0], last + 1)))
        elif random.random() < 0.15:
            steps.append(Step(_RELU, (last + 1,)))
        elif random.random() < 0.15:
            steps.append(Step(_PRODUCT, (last + 1, random.randint(0, last))))
    used = {tensor for step in steps for tensor in step.of}
    if left := [at for at in range(made.tensor(len(steps)) - 1) if at not in used]:
        steps.append(Step(_SUM, (*left, made.tensor(len(steps)) - 1)))
    return replace(made, steps=tuple(steps))


def _arity(name: str) -> int:
    return _KINDS[name.partition("_")[0]]


# --- what a call comes to ----------------------------------------------------------------------


def numbers(program: Program) -> np.ndarray[Any, Any]:
    """What comes out of a call, with some function or other for each layer."""

    def function(name: str, given: list[Any]) -> Any:
        draw = np.random.default_rng(sum(map(ord, name)) * 1_000 + program.layers.index(name))
        return np.tanh(sum(one @ draw.normal(size=(6, 6)) for one in given) + draw.normal(size=6))

    tensors = list(np.random.default_rng(0).normal(size=(program.inputs, *_SHAPE)))
    for step in program.steps:
        given = [tensors[at] for at in step.of]
        known = step.what in program.layers
        tensors.append(function(step.what, given) if known else _ARITHMETIC[step.what](given))
    return np.asarray(tensors[-1])


def feeds(program: Program) -> dict[str, list[Any]]:
    """What feeds each layer in each of its calls, and what is given in the end, through all arithmetic.

    What is joined stands in the order of the calls, as in the table.
    """
    sources: list[frozenset[Any]] = [frozenset({("", at)}) for at in range(program.inputs)]
    order = {key: at for at, (key,) in enumerate(sources)}
    found: dict[str, list[Any]] = {name: [] for name in program.layers}

    def told(source: frozenset[Any]) -> list[Any]:
        return sorted(source, key=order.__getitem__)

    for step in program.steps:
        given = [sources[at] for at in step.of]
        if step.what in program.layers:
            key = step.what, len(found[step.what])
            order[key] = len(order)
            sources.append(frozenset({key}))
            found[step.what].append([told(each) for each in given])
        else:
            sources.append(frozenset(key for source in given for key in source))
    return {**found, "": told(sources[-1])}


def differing(one: Program, other: Program) -> set[str]:
    """The layers that are called with something else, or in another order; ``""`` is what is given."""
    here, there = feeds(one), feeds(other)
    found = {name for name in here if here[name] != there[name]}
    orders = [
        list(dict.fromkeys(each.steps[at].what for at in each.calls)) for each in (one, other)
    ]
    common = [[name for name in order if all(name in each for each in orders)] for order in orders]
    return found | {name for name, same in zip(*common, strict=True) if name != same}


# --- changes -------------------------------------------------------------------------------------

#: The program that a change makes of another, and the layers that it is about.
Changed = tuple[Program, set[str]]


def _with(program: Program, place: int, *steps: Step, then: int) -> Program:
    """Steps in place of one; whoever took what it made takes a tensor of theirs, or an earlier one."""
    old, grown = program.tensor(place), len(steps) - 1

    def moved(step: Step) -> Step:
        of = (then if at == old else at + grown if at > old else at for at in step.of)
        return replace(step, of=tuple(of))

    return replace(
        program,
        steps=(*program.steps[:place], *steps, *map(moved, program.steps[place + 1 :])),
    )


def _order(program: Program, random: Random) -> Iterator[Changed]:
    for one in program.calls:
        for other in program.calls:
            names = [program.steps[at].what for at in (one, other)]
            if one < other and names[0] != names[1] and _arity(names[0]) == _arity(names[1]):
                steps = list(program.steps)
                steps[one] = replace(steps[one], what=names[1])
                steps[other] = replace(steps[other], what=names[0])
                changed = replace(program, steps=tuple(steps))
                before, after = feeds(program), feeds(changed)
                fed_otherwise = {name for name in before if before[name] != after[name]}
                # Two that take the same are fed as before: they have other names, or what takes theirs
                # is fed otherwise. Both are right.
                about = {*names} & fed_otherwise or {*names} | fed_otherwise
                yield changed, about


def _residual_added(program: Program, random: Random) -> Iterator[Changed]:
    for place in program.calls:
        step, made = program.steps[place], program.tensor(place)
        changed = _with(program, place, step, Step(_SUM, (step.of[0], made)), then=made + 1)
        yield changed, differing(program, changed)


def _residual_dropped(program: Program, random: Random) -> Iterator[Changed]:
    for place, step in enumerate(program.steps):
        if step.what == _SUM and place + 1 < len(program.steps):
            changed = _with(program, place, then=step.of[-1])
            yield changed, differing(program, changed)
        elif step.what == _SUM and len(step.of) == 2:
            changed = replace(
                program, steps=(*program.steps[:place], replace(step, of=step.of[1:]))
            )
            yield changed, {""}


def _called_twice(program: Program, random: Random) -> Iterator[Changed]:
    for place in program.calls:
        step, made = program.steps[place], program.tensor(place)
        again = replace(step, of=(made, *step.of[1:]))
        yield _with(program, place, step, again, then=made + 1), {step.what}


def _called_no_longer(program: Program, random: Random) -> Iterator[Changed]:
    for place in program.calls:
        step = program.steps[place]
        if place + 1 < len(program.steps):
            yield _with(program, place, then=step.of[0]), {step.what}


def _swapped(program: Program, random: Random) -> Iterator[Changed]:
    for place in program.calls:
        step = program.steps[place]
        if len(set(step.of)) == 2:
            swapped = replace(step, of=step.of[::-1])
            yield _with(program, place, swapped, then=program.tensor(place)), {step.what}


def _another_fed(program: Program, random: Random) -> Iterator[Changed]:
    for place in program.calls:
        step = program.steps[place]
        for at in range(len(step.of)):
            for other in set(range(program.tensor(place))) - {step.of[at]}:
                of = (*step.of[:at], other, *step.of[at + 1 :])
                fed = replace(step, of=of)
                yield _with(program, place, fed, then=program.tensor(place)), {step.what}


CHANGES: dict[str, Callable[[Program, Random], Iterator[Changed]]] = {
    "order": _order,
    "residual added": _residual_added,
    "residual dropped": _residual_dropped,
    "called twice": _called_twice,
    "called no longer": _called_no_longer,
    "arguments swapped": _swapped,
    "another tensor fed": _another_fed,
}


def changes(program: Program, random: Random) -> Iterator[tuple[str, Changed]]:
    """A change of each kind, where there is one that changes what comes out.

    Which arithmetic joins tensors is not in the table: what differs in nothing else is left out.
    """
    before = numbers(program)
    for kind, made in CHANGES.items():
        found = [
            (changed, about & differing(program, changed))
            for changed, about in made(program, random)
        ]
        found = [
            (changed, about)
            for changed, about in found
            if about and not np.allclose(before, numbers(changed))
        ]
        if found:
            yield kind, random.choice(found)


# --- as code ----------------------------------------------------------------------------------------


def _plainly(program: Program) -> str:
    names = [f"t{at}" for at in range(program.tensor(len(program.steps)))]
    lines = [f"{', '.join(names[: program.inputs])} = inputs"]
    for place, step in enumerate(program.steps):
        lines.append(f"{names[program.tensor(place)]} = {_expression(step, names, program)}")
    return _function("inputs", [*lines, f"return {names[-1]}"])


def _expression(step: Step, names: list[str], program: Program, otherwise: bool = False) -> str:
    given = [names[at] for at in step.of]
    if step.what in program.layers:
        if otherwise and len(given) == 2:
            first, second = _ARGUMENTS[step.what.partition("_")[0]]
            return f"self.{step.what}({second}={given[1]}, {first}={given[0]})"
        return f"self.{step.what}({', '.join(given)})"
    if step.what == _RELU:
        return f"0.5 * (abs({given[0]}) + {given[0]})" if otherwise else f"relu({given[0]})"
    return {_SUM: " + ", _PRODUCT: " * "}[step.what].join(given[::-1] if otherwise else given)


_ARGUMENTS = {"attend": ("query", "value"), "join": ("x", "context")}


def _otherwise(program: Program) -> str:
    """The same with other names and arguments by name, sums and products turned round, in two functions."""
    names = [f"of_{at}" if at % 2 else f"h{at}" for at in range(program.tensor(len(program.steps)))]
    half = len(program.steps) // 2
    known = names[: program.tensor(half)]
    lines = [
        f"{names[program.tensor(place)]} = {_expression(step, names, program, otherwise=True)}"
        for place, step in enumerate(program.steps)
    ]
    first = [f"def begun({', '.join(known[: program.inputs])}):"]
    first += [f"    {line}" for line in lines[:half]]
    first += [f"    return {', '.join(known)},"]
    return _function(
        "given",
        [
            '"""What it does."""',
            *first,
            f"{', '.join(known)}, = begun(*given)" if program.inputs > 1 else
            f"{', '.join(known)}, = begun(given)",
            *lines[half:-1],
            f"return {lines[-1].partition(' = ')[2]}",
        ],
    )  # fmt: skip


def _function(argument: str, lines: Iterable[str]) -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"def call(self, {argument}):\n{body}\n"


def _made(keras: ModuleType, program: Program, source: str, base: str, name: str) -> Any:
    def join(**kwargs: Any) -> Any:
        def made(self: Any) -> None:
            self.one, self.two = (
                keras.layers.Dense(6, name="one"),
                keras.layers.Dense(6, name="two"),
            )

        def call(self: Any, x: Any, context: Any) -> Any:
            return self.one(x) - self.two(context)

        return layer(keras, made, call)(**kwargs)

    kinds = {
        "dense": lambda **kwargs: keras.layers.Dense(6, **kwargs),
        "norm": lambda **kwargs: keras.layers.LayerNormalization(**kwargs),
        "feed": lambda **kwargs: feed_forward(keras, **kwargs),
        "attend": lambda **kwargs: keras.layers.MultiHeadAttention(2, 3, **kwargs),
        "join": join,
    }

    def made(self: Any) -> None:
        for each in program.layers:
            setattr(self, each, kinds[each.partition("_")[0]](name=each))

    scope: dict[str, Any] = {"relu": keras.activations.relu}
    exec(source, scope)
    return layer(keras, made, scope["call"], base)(name=name)


def _in_a_functional_model(keras: ModuleType, program: Program, source: str) -> Any:
    block = _made(keras, program, source, "Layer", "block")
    return around(keras, block, *[_SHAPE] * program.inputs)


def _as_a_model(keras: ModuleType, program: Program, source: str) -> Any:
    net = _made(keras, program, source, "Model", "net")
    return called(net, keras, *[_SHAPE] * program.inputs)


def _in_a_list(keras: ModuleType, program: Program, source: str) -> Any:
    """Behind another, in a layer in a model."""

    def inner(self: Any) -> None:
        self.blocks = [
            feed_forward(keras, name="before"), _made(keras, program, source, "Layer", "block")
        ]  # fmt: skip

    def through(self: Any, inputs: Any) -> Any:
        if program.inputs == 1:
            return self.blocks[1](self.blocks[0](inputs))
        return self.blocks[1]([self.blocks[0](inputs[0]), inputs[1]])

    def outer(self: Any) -> None:
        self.stage = layer(keras, inner, through)(name="stage")

    def call(self: Any, inputs: Any) -> Any:
        return self.stage(inputs)

    net = layer(keras, outer, call, "Model")(name="net")
    return called(net, keras, *[_SHAPE] * program.inputs)


def _called_again(keras: ModuleType, program: Program, source: str) -> Any:
    """Called twice by the layer that holds it."""

    def made(self: Any) -> None:
        self.block = _made(keras, program, source, "Layer", "block")

    def twice(self: Any, inputs: Any) -> Any:
        made = self.block(inputs)
        return self.block(made if program.inputs == 1 else [made, inputs[1]])

    outer = layer(keras, made, twice)(name="outer")
    return around(keras, outer, *[_SHAPE] * program.inputs)


#: Where the layer stands whose call it is, and the path of its row.
_PLACES: dict[str, Callable[[ModuleType, Program, str], Any]] = {
    "block": _in_a_functional_model,
    "net": _as_a_model,
    "stage/block": _in_a_list,
    "outer/block": _called_again,
}


def table(keras: ModuleType, place: str, program: Program, write: Any = _plainly) -> LayerTable:
    """The table of a model in which the layer at a place does what a program says."""
    return layer_table(lambda: _PLACES[place](keras, program, write(program)), name="generated")


def rows(place: str, layers: Iterable[str]) -> set[str]:
    """The paths of layers, at a place; ``""`` is the one whose call it is."""
    prefix = "" if place == "net" else f"{place}/"
    return {prefix + name if name else place for name in layers}


@dataclass(frozen=True)
class Case:
    """A change of a generated call, and what became of it.

    Args:
        kind: the kind of change; None where it is the same, written otherwise.
        place: where the layer stands.
        before: what its call did.
        after: what it does.
        about: the rows that the change is about.
        tables: of both.
    """

    kind: str | None
    place: str
    before: Program
    after: Program
    about: set[str]
    tables: tuple[LayerTable, LayerTable]

    @property
    def drift(self) -> Drift:
        """The drift of the one to the other."""
        return compare(*self.tables)

    @property
    def named(self) -> set[str]:
        """The rows that the drift names."""
        return {change.layer for change in self.drift.changes}

    @property
    def right(self) -> bool:
        """Whether it is seen on a row that it is about; or not at all, where nothing has changed."""
        return bool(self.named & self.about) if self.kind else not self.drift

    @property
    def beside(self) -> set[str]:
        """The rows named whose calls are as they were."""
        layers = differing(self.before, self.after)
        touched = rows(self.place, layers)
        return {name for name in self.named if name not in touched and _above(name) not in touched}


def _above(path: str) -> str:
    """The layer that holds one of a row."""
    return path.rpartition("/")[0]


def cases(keras: ModuleType, seed: int) -> Iterator[Case]:
    """The changes of one generated call, and the same call written otherwise."""
    random = Random(seed)
    before = program(random)
    place = list(_PLACES)[seed % len(_PLACES)]
    recorded = table(keras, place, before)
    for kind, (after, about) in changes(before, random):
        tables = recorded, table(keras, place, after)
        yield Case(kind, place, before, after, rows(place, about), tables)
    yield Case(
        None, place, before, before, set(), (recorded, table(keras, place, before, _otherwise))
    )


# --- the command -----------------------------------------------------------------------------------------


def main() -> int:
    """Count what is seen of the changes of generated calls."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--count", type=int, default=60, help="how many calls are generated")
    options.add_argument("--seed", type=int, default=0, help="the first seed")
    options.add_argument("--write", type=Path, help="a folder for the tables")
    options.add_argument("--against", type=Path, help="a folder that was written elsewhere")
    asked = options.parse_args()
    warnings.simplefilter("ignore")
    # Keras 2 under its newer name, where that is asked for.
    legacy = os.environ.get("TF_USE_LEGACY_KERAS")
    keras = import_module("tf_keras" if legacy else "keras")
    made, right, beside, drifts = Counter[str](), Counter[str](), Counter[str](), 0
    started = time.perf_counter()
    for seed in range(asked.seed, asked.seed + asked.count):
        for at, case in enumerate(cases(keras, seed)):
            kind = case.kind or "written otherwise"
            made[kind] += 1
            right[kind] += case.right
            beside[kind] += bool(case.beside)
            if not case.right or case.beside:
                print(f"seed {seed}, {kind}, {sorted(case.about)}; beside: {sorted(case.beside)}")
                print(_plainly(case.before), _plainly(case.after), case.drift.to_text(accept=None))
            for name, each in zip(("before", "after"), case.tables, strict=True):
                file = f"{seed}-{0 if name == 'before' else at + 1}.csv"
                if asked.write:
                    asked.write.mkdir(parents=True, exist_ok=True)
                    each.to_csv(asked.write / file)
                if asked.against and (
                    drift := compare(LayerTable.read_csv(asked.against / file), each)
                ):
                    drifts += 1
                    print(f"seed {seed}, {file}: differs\n{drift.to_text(accept=None)}")
    for kind, count in made.items():
        print(f"{kind:20} {right[kind]:5} of {count} right, {beside[kind]} name other rows, too")
    changed = sum(count for kind, count in made.items() if kind in CHANGES)
    seen = sum(count for kind, count in right.items() if kind in CHANGES)
    print(f"{seen} of {changed} changes seen on their rows, {time.perf_counter() - started:.0f} s")
    if asked.against:
        print(f"{drifts} tables differ from those in {asked.against}")
    return 0 if right == made and not drifts else 1


if __name__ == "__main__":
    sys.exit(main())

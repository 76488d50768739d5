"""What calls are given besides tensors."""

from __future__ import annotations

from typing import Any

from pytest_layersnap.extract import canonical, constants, operations
from pytest_layersnap.extract.graph import BoundCall, tensors
from pytest_layersnap.extract.reader import Reader, dtype_name, flatten, is_mask


def of_operation(
    reader: Reader, operation: Any, calls: list[BoundCall]
) -> tuple[str, dict[str, Any]]:
    """An operation's type, and what it computes with besides tensors."""
    symbol, _ = reader.operation_call(operation)
    layer_type = operations.operation_name(symbol)
    settings = reader.operation_settings(operation)
    settings = {name: _without_tensors(reader, item) for name, item in settings.items()}
    called = [
        operations.operation_settings(layer_type, settings | _operands(reader, symbol, call))
        for call in calls
    ]
    if all(canonical.same(one, called[0]) for one in called):
        return layer_type, called[0] if called else {}
    return layer_type, {"call_arguments": called}


def _operands(reader: Reader, symbol: str, call: BoundCall) -> dict[str, Any]:
    """What one call of an operation computes with, constants in their place among the tensors.

    Where a constant decides the dtype of what comes out, that is said, too: ``1`` and ``1.0`` look alike.
    """
    found: dict[str, Any] = {}
    decides = False
    chosen = _chosen(reader, call)
    for name, argument in call.arguments.items():
        if argument is None and call.defaults.get(name, ...) is None:
            continue
        leaves, plain = flatten(argument), _without_tensors(reader, argument)
        tensors_alone = bool(leaves) and all(map(reader.is_tensor, leaves))
        if tensors_alone and name not in chosen:
            continue
        name = operations.operation_argument(symbol, name)
        found[name] = plain
        is_constant = operations.is_operand(name) or any(map(constants.is_array, leaves))
        decides |= not tensors_alone and is_constant
    if decides and (made := _dtype_of_constants(reader, call)):
        found["output_dtype"] = made
    return found


def _dtype_of_constants(reader: Reader, call: BoundCall) -> str | None:
    """The dtype of what a call gives where none of the tensors that go in has it."""
    given = {dtype_name(tensor) for tensor in tensors(reader, call.arguments)}
    made = {dtype_name(tensor) for tensor in call.outputs} - given - {"bool"}
    return next(iter(made), None)


def of_calls(reader: Reader, calls: list[BoundCall]) -> Any:
    """Call arguments that are no tensors and not at their default; a list where there are several calls.

    ``training`` is there also at its default, for Keras 2 takes the model's own flag where nobody gives
    one. Tensors are in the edges; here it is said which of the optional arguments they are.
    """
    found = []
    for call in calls:
        plain, chosen = {}, _chosen(reader, call)
        for name, argument in call.arguments.items():
            leaves = flatten(argument)
            if leaves and all(map(reader.is_tensor, leaves)) and name not in chosen:
                continue
            item = canonical.value(_without_tensors(reader, argument))
            default = canonical.value(call.defaults.get(name))
            if item is not None and (name == "training" or not canonical.same(item, default)):
                plain[name] = item
        found.append(plain)
    if not any(found):
        return None
    return found[0] if len(found) == 1 else found


def _chosen(reader: Reader, call: BoundCall) -> set[str]:
    """The arguments that are tensors where another could be: ``value_mask`` or ``key_mask``.

    Those are masks, and optional arguments behind one that was left out; not the state of a recurrent
    layer, which Keras 2 takes as one of the inputs.
    """
    if call.defaults.keys().isdisjoint(call.arguments):
        return set()
    chosen, left_out = set(), False
    for name, default in call.defaults.items():
        given = call.arguments.get(name)
        if not any(map(reader.is_tensor, flatten(given))):
            left_out |= default is None and name != "training" and not is_mask(name)
        elif is_mask(name) or left_out:
            chosen.add(name)
    return chosen - {"initial_state"}


def _without_tensors(reader: Reader, argument: Any) -> Any:
    if isinstance(argument, dict):
        return {key: _without_tensors(reader, item) for key, item in argument.items()}
    if isinstance(argument, (list, tuple)):
        return [_without_tensors(reader, item) for item in argument]
    return "<tensor>" if reader.is_tensor(argument) else argument

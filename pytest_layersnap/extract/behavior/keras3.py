"""One call in Keras 3, evaluated with other weights than the layer's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from importlib import import_module
from itertools import count
from typing import Any, Final

import numpy as np

from pytest_layersnap.extract.behavior.outcome import Outcome, masks_of, shapes_of
from pytest_layersnap.extract.keras3 import mask_of
from pytest_layersnap.extract.reader import flatten
from pytest_layersnap.extract.replaced import eagerly

#: After so many calls what JAX has compiled is dropped: it keeps some megabytes for each, without end.
_KEPT_COMPILED: Final = 250
_EVALUATIONS: Final = count(1)


def shape_and_dtype(weight: Any) -> tuple[tuple[int, ...], str]:
    """The shape and dtype of a weight, which is not read."""
    return tuple(weight.shape), str(weight.dtype)


def tensor(values: Any, dtype: str) -> Any:
    """A tensor of a dtype."""
    if dtype == "string":
        return _keras().ops.convert_to_tensor(values.astype(str)) if _has_strings() else values
    return _keras().ops.convert_to_tensor(values, dtype=dtype)


@contextmanager
def evaluating() -> Iterator[None]:
    """Where functions of the user's are run as they are, and leave nothing compiled behind."""
    with ExitStack() as stack:
        if _backend() == "torch":
            torch = import_module("torch")
            stack.enter_context(torch.no_grad())
            # In one thread sums have one order, and tensors this small are faster there.
            stack.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(1)
            # It would keep each kernel again, in an order of its own, and code for each shape.
            library = torch.backends.mkldnn
            stack.callback(setattr, library, "enabled", library.enabled)
            library.enabled = False
        if "tensorflow" in sys.modules:
            stack.enter_context(eagerly(import_module("tensorflow")))
        yield


def lent(weights: Sequence[Any], values: Iterator[Any]) -> AbstractContextManager[Any]:
    """Where the weights have these values."""
    # No list, so that none is there twice.
    return _keras().StatelessScope(state_mapping=zip(weights, values, strict=True))  # type: ignore[no-any-return]


def rules(_: Any, weights: Sequence[Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What weights are regularized and constrained by: which of the two, and a function that does it."""
    for weight in weights:
        if (regularizer := getattr(weight, "regularizer", None)) is not None:
            yield "regularizers", partial(_of_value, regularizer, weight)
        if (constraint := getattr(weight, "constraint", None)) is not None:
            yield "constraints", partial(constraint, weight)


def _of_value(regularizer: Callable[[Any], Any], weight: Any) -> Any:
    return regularizer(weight.value)


def evaluated(
    operation: Any,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    weights: Sequence[Any],
    values: Iterator[Any],
    watched: Sequence[Any],
) -> Outcome:
    """What a call gives where the weights have these values, and writes to those that are watched.

    Nothing of the model is written to.
    """
    mapping = zip(weights, values, strict=True)  # no list, so that none is there twice
    with _keras().StatelessScope(state_mapping=mapping, collect_losses=True) as scope:
        given = dict(scope.state_mapping)
        made = operation(*args, **kwargs)
    if _backend() == "jax" and not next(_EVALUATIONS) % _KEPT_COMPILED:
        import_module("jax").clear_caches()
    leaves = [leaf for leaf in flatten(made) if leaf is not None]
    carried = list(map(mask_of, leaves))
    changed = {key for key, value in scope.state_mapping.items() if given.get(key) is not value}
    updates = [scope.state_mapping[id(one)] for one in watched if id(one) in changed]
    return Outcome(
        outputs=[array(leaf) for leaf in leaves],
        masks=masks_of(operation, carried, array),
        carried=shapes_of(carried),
        losses=[array(loss) for loss in scope.losses],
        updates=[array(value) for value in updates],
        random=bool(changed - given.keys() - _metrics(operation)),
    )


def _metrics(operation: Any) -> set[int]:
    """The variables of metrics: what else a call writes to, beside weights, are the states of seeds."""
    return {id(one) for one in getattr(operation, "metrics_variables", ())}


def array(value: Any) -> Any:
    """A tensor's numbers, or a plain value as it is."""
    if isinstance(value, (int, float, bool, str, bytes, np.ndarray, np.generic)):
        return np.asarray(value)
    kind = type(value).__name__
    if kind == "RaggedTensor":
        value = value.to_tensor()
    elif kind == "SparseTensor":
        value = import_module("tensorflow").sparse.to_dense(value)
    elif kind == "BCOO":
        value = value.todense()
    if (
        _backend() != "tensorflow"
        and hasattr(value, "numpy")
        and "tensorflow" in type(value).__module__
    ):
        return value.numpy()
    return np.asarray(_keras().ops.convert_to_numpy(value))


def _has_strings() -> bool:
    return _backend() == "tensorflow"


def _keras() -> Any:
    return sys.modules["keras"]


def _backend() -> str:
    name: str = _keras().config.backend()
    return name

"""Ways in which people read a variable, or use a model: what each gives is arrays that can be compared."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

#: What is read of a variable of shape (6, 4): the Keras, the variable, and an array of shape (2, 6).
Read = Callable[[ModuleType, Any, Any], Any]
#: What is done with a model of shape (2, 6), and a folder to save it in.
Use = Callable[[ModuleType, Any, Any, Path], Any]


def in_threads(read: Callable[[], Any]) -> Any:
    """What four threads get that read at the same time."""
    found: list[Any] = []
    ready = threading.Barrier(4)

    def run() -> None:
        ready.wait(60)
        found.append(np.asarray(read()))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def _then(change: Any, w: Any) -> Any:
    """The variable, once something has changed it."""
    del change
    return w


#: What Keras itself and numpy offer, in both generations and on all backends.
READS: dict[str, Read] = {
    "numpy": lambda keras, w, x: w.numpy(),
    "array": lambda keras, w, x: np.asarray(w),
    "array of another dtype": lambda keras, w, x: np.asarray(w, "float64"),
    "numpy function": lambda keras, w, x: np.abs(np.asarray(w)).sum(),
    "value": lambda keras, w, x: w.value() if callable(w.value) else w.value,
    "left of an array": lambda keras, w, x: x @ w,
    "plus": lambda keras, w, x: w + 1.0,
    "reflected": lambda keras, w, x: 1.0 - w,
    "minus": lambda keras, w, x: -w,
    "power": lambda keras, w, x: w**2,
    "larger": lambda keras, w, x: w > 0.0,
    "slice": lambda keras, w, x: w[1:, ::2],
    "of both": lambda keras, w, x: w * w,
    "assign": lambda keras, w, x: _then(w.assign(np.ones((6, 4), "float32")), w),
    "assign itself": lambda keras, w, x: _then(w.assign(w * 2.0), w),
    "assign_add": lambda keras, w, x: _then(w.assign_add(np.ones((6, 4), "float32")), w),
    "assign_sub": lambda keras, w, x: _then(w.assign_sub(np.ones((6, 4), "float32")), w),
    "deepcopy": lambda keras, w, x: copy.deepcopy(w),
    "threads": lambda keras, w, x: in_threads(lambda: w + 1.0),
    "threads, numpy": lambda keras, w, x: in_threads(w.numpy),
}

#: What Keras 3 has for all backends.
OPS: dict[str, Read] = {
    "convert_to_tensor": lambda keras, w, x: keras.ops.convert_to_tensor(w),
    "convert_to_numpy": lambda keras, w, x: keras.ops.convert_to_numpy(w),
    "matmul": lambda keras, w, x: keras.ops.matmul(x, w),
    "sum": lambda keras, w, x: keras.ops.sum(w),
    "take": lambda keras, w, x: keras.ops.take(w, [1, 3], axis=0),
    "concatenate": lambda keras, w, x: keras.ops.concatenate([w, w]),
    "stack": lambda keras, w, x: keras.ops.stack([w, w]),
    "where": lambda keras, w, x: keras.ops.where(w > 0, w, 0.0),
    "einsum": lambda keras, w, x: keras.ops.einsum("bi,io->bo", x, w),
    "reshape": lambda keras, w, x: keras.ops.reshape(w, (3, 8)),
    "softmax": lambda keras, w, x: keras.ops.softmax(w),
    "cast": lambda keras, w, x: keras.ops.cast(w, "float16"),
    "norm": lambda keras, w, x: keras.ops.norm(w),
    "conv": lambda keras, w, x: keras.ops.conv(
        keras.ops.ones((1, 6, 2)), keras.ops.reshape(w, (3, 2, 4)), padding="valid"
    ),
    "scan over": lambda keras, w, x: keras.ops.map(lambda row: row * 2.0, w),
    "cond": lambda keras, w, x: keras.ops.cond(
        keras.ops.max(w) > 0, lambda: w * 2.0, lambda: w * 1.0
    ),
    "while_loop": lambda keras, w, x: keras.ops.while_loop(
        lambda i, _: i < 2, lambda i, a: (i + 1, a + w), (0, keras.ops.zeros((6, 4)))
    ),
    "segment_sum": lambda keras, w, x: keras.ops.segment_sum(w, np.array([0, 0, 1, 1, 2, 2]), 3),
    "scatter_update": lambda keras, w, x: keras.ops.scatter_update(
        w, np.array([[0, 0]]), np.ones(1, "float32")
    ),
    "stop_gradient": lambda keras, w, x: keras.ops.stop_gradient(w),
    "initializer": lambda keras, w, x: keras.Variable(w, name="another"),
}


def _taped(tf: Any, w: Any, loss: Callable[[], Any], watch: bool = False) -> Any:
    with tf.GradientTape(watch_accessed_variables=not watch) as tape:
        if watch:
            tape.watch(w)
        value = loss()
    return value, tape.gradient(value, w)


def _jvp(tf: Any, w: Any, x: Any) -> Any:
    with tf.autodiff.ForwardAccumulator(w, tf.ones((6, 4))) as forward:
        value = tf.matmul(x, w)
    return forward.jvp(value)


def _checkpoint(tf: Any, w: Any, folder: Any) -> Any:
    path = tf.train.Checkpoint(w=w).write(str(folder / "checkpoint"))
    return tf.train.load_checkpoint(path).get_tensor("w/.ATTRIBUTES/VARIABLE_VALUE")


def _function(tf: Any, body: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    return tf.function(body, **options)(*arguments)


#: What TensorFlow offers for one of its variables.
TENSORFLOW: dict[str, Callable[[Any, Any, Any], Any]] = {
    # eager operations, by Python and by C++
    "raw mul": lambda tf, w, x: tf.raw_ops.Mul(x=w, y=w),
    "raw sum": lambda tf, w, x: tf.raw_ops.Sum(input=w, axis=0),
    "raw read": lambda tf, w, x: tf.raw_ops.ReadVariableOp(resource=w.handle, dtype=w.dtype),
    "raw gather": lambda tf, w, x: tf.raw_ops.ResourceGather(
        resource=w.handle, indices=[1, 3], dtype=w.dtype
    ),
    "matmul": lambda tf, w, x: tf.matmul(x, w),
    "linalg.matmul of it": lambda tf, w, x: tf.linalg.matmul(w, w, transpose_b=True),
    "reduce_sum": lambda tf, w, x: tf.reduce_sum(w),
    "reduce_max": lambda tf, w, x: tf.reduce_max(w, axis=1),
    "concat": lambda tf, w, x: tf.concat([w, w], 0),
    "concat with a tensor": lambda tf, w, x: tf.concat([tf.ones((1, 4)), w], 0),
    "stack": lambda tf, w, x: tf.stack([w, w]),
    "add_n": lambda tf, w, x: tf.add_n([w, w]),
    "gather": lambda tf, w, x: tf.gather(w, [1, 3]),
    "gather_nd": lambda tf, w, x: tf.gather_nd(w, [[1, 2]]),
    "embedding_lookup": lambda tf, w, x: tf.nn.embedding_lookup(w, [1, 3]),
    "embedding_lookup_sparse": lambda tf, w, x: tf.nn.embedding_lookup_sparse(
        w, tf.sparse.from_dense([[1, 2]]), None, combiner="sum"
    ),
    "sparse_read": lambda tf, w, x: w.sparse_read([1, 3]),
    "einsum": lambda tf, w, x: tf.einsum("bi,io->bo", x, w),
    "tensordot": lambda tf, w, x: tf.tensordot(x, w, 1),
    "conv1d": lambda tf, w, x: tf.nn.conv1d(
        tf.ones((1, 6, 2)), tf.reshape(w, (3, 2, 4)), 1, "VALID"
    ),
    "transpose": lambda tf, w, x: tf.transpose(w),
    "reshape": lambda tf, w, x: tf.reshape(w, (3, 8)),
    "cast": lambda tf, w, x: tf.cast(w, "float64"),
    "where": lambda tf, w, x: tf.where(w > 0, w, tf.zeros_like(w)),
    "boolean_mask": lambda tf, w, x: tf.boolean_mask(w, [True, False] * 3),
    "slice": lambda tf, w, x: tf.slice(w, [1, 0], [2, 2]),
    "pad": lambda tf, w, x: tf.pad(w, [[1, 1], [0, 0]]),
    "tile": lambda tf, w, x: tf.tile(w, [2, 1]),
    "split": lambda tf, w, x: tf.split(w, 2),
    "unstack": lambda tf, w, x: tf.unstack(w),
    "rows": lambda tf, w, x: list(w),
    "sort": lambda tf, w, x: tf.sort(w),
    "top_k": lambda tf, w, x: tf.math.top_k(w, 2),
    "argmax": lambda tf, w, x: tf.argmax(w, 1),
    "cumsum": lambda tf, w, x: tf.cumsum(w),
    "softmax": lambda tf, w, x: tf.nn.softmax(w),
    "l2_normalize": lambda tf, w, x: tf.math.l2_normalize(w),
    "l2_loss": lambda tf, w, x: tf.nn.l2_loss(w),
    "bias_add": lambda tf, w, x: tf.nn.bias_add(w, tf.ones(4)),
    "norm": lambda tf, w, x: tf.norm(w),
    "svd": lambda tf, w, x: tf.linalg.svd(w, compute_uv=False),
    "clip": lambda tf, w, x: tf.clip_by_norm(w, 0.5),
    "equal": lambda tf, w, x: tf.equal(w, w),
    "shape": lambda tf, w, x: tf.shape(w),
    "identity": lambda tf, w, x: tf.identity(w),
    "convert": lambda tf, w, x: tf.convert_to_tensor(w),
    "constant": lambda tf, w, x: tf.constant(w.numpy()),
    "a variable of it": lambda tf, w, x: tf.Variable(w),
    "map_fn": lambda tf, w, x: tf.map_fn(lambda row: row * 2, w),
    "vectorized_map": lambda tf, w, x: tf.vectorized_map(lambda row: row * 2, w),
    "serialize": lambda tf, w, x: tf.io.parse_tensor(tf.io.serialize_tensor(w), w.dtype),
    "dataset": lambda tf, w, x: list(tf.data.Dataset.from_tensor_slices(w)),
    "py_function": lambda tf, w, x: tf.py_function(lambda: tf.reduce_sum(w), [], tf.float32),
    "numpy_function": lambda tf, w, x: tf.numpy_function(np.sum, [w], tf.float32),
    "another device": lambda tf, w, x: _on_a_device(tf, w),
    "another thread's function": lambda tf, w, x: in_threads(tf.function(lambda: w * 2.0)),
    # its own methods
    "read_value": lambda tf, w, x: w.read_value(),
    "is_initialized": lambda tf, w, x: tf.raw_ops.VarIsInitializedOp(resource=w.handle),
    "scatter_nd_update": lambda tf, w, x: _then(w.scatter_nd_update([[0, 1]], [5.0]), w),
    "scatter_update": lambda tf, w, x: _then(
        w.scatter_update(tf.IndexedSlices(tf.ones((1, 4)), [2])), w
    ),
    "scatter_add": lambda tf, w, x: _then(w.scatter_add(tf.IndexedSlices(tf.ones((1, 4)), [2])), w),
    "assign, read_value": lambda tf, w, x: w.assign(tf.ones((6, 4)), read_value=True),
    "assign a slice": lambda tf, w, x: _then(w[1:3].assign(tf.ones((2, 4))), w),
    # functions
    "function": lambda tf, w, x: _function(tf, lambda: tf.matmul(x, w)),
    "function of it": lambda tf, w, x: _function(tf, lambda v: tf.reduce_sum(v * 2), w),
    "function that assigns": lambda tf, w, x: _then(_function(tf, lambda: w.assign(w * 2)), w),
    "function that loops": lambda tf, w, x: _function(
        tf,
        lambda: tf.while_loop(
            lambda i, _: i < 2, lambda i, a: (i + 1, a + w), (0, tf.zeros((6, 4)))
        ),
    ),
    "function with a branch": lambda tf, w, x: _function(
        tf, lambda c: tf.cond(c, lambda: w * 2, lambda: w * 1), tf.constant(True)
    ),
    "function that looks up": lambda tf, w, x: _function(
        tf, lambda: tf.nn.embedding_lookup(w, [1, 3])
    ),
    "function in a function": lambda tf, w, x: _function(
        tf, lambda: tf.function(lambda: w + 1.0)() * 2.0
    ),
    "init_scope in a function": lambda tf, w, x: _function(tf, lambda: _lifted(tf, w)),
    "concrete function": lambda tf, w, x: tf.function(lambda: w * 2.0).get_concrete_function()(),
    # gradients
    "gradient": lambda tf, w, x: _taped(tf, w, lambda: tf.reduce_sum(tf.matmul(x, w) ** 2)),
    "gradient, watched": lambda tf, w, x: _taped(tf, w, lambda: tf.reduce_sum(w**3), watch=True),
    "gradient of a look-up": lambda tf, w, x: _dense(
        tf, _taped(tf, w, lambda: tf.reduce_sum(tf.gather(w, [1, 1]) ** 2))
    ),
    "gradient in a function": lambda tf, w, x: _function(
        tf, lambda: _taped(tf, w, lambda: tf.reduce_sum(w**2))
    ),
    "gradient of a function": lambda tf, w, x: _taped(
        tf, w, lambda: _function(tf, lambda: tf.reduce_sum(w**2))
    ),
    "forward": lambda tf, w, x: _jvp(tf, w, x),
}


def _dense(tf: Any, found: tuple[Any, Any]) -> Any:
    return found[0], tf.convert_to_tensor(found[1])


def _on_a_device(tf: Any, w: Any) -> Any:
    tf.config.set_soft_device_placement(False)
    try:
        with tf.device("/GPU:7"):  # there is none: nothing can be made on it
            return "CPU:0" in w.handle.device
    finally:
        tf.config.set_soft_device_placement(True)


def _lifted(tf: Any, w: Any) -> Any:
    with tf.init_scope():
        return tf.reduce_sum(w) * 2.0


JAX: dict[str, Callable[[Any, Any, Any], Any]] = {
    "asarray": lambda jax, w, x: jax.numpy.asarray(w),
    "dot": lambda jax, w, x: jax.numpy.dot(x, w.value),
    "jnp.sum": lambda jax, w, x: jax.numpy.sum(w.value),
    "jit": lambda jax, w, x: jax.jit(lambda: w.value * 2.0)(),
    "jit of it": lambda jax, w, x: jax.jit(lambda v: v * 2.0)(w.value),
    "grad": lambda jax, w, x: jax.grad(lambda v: (v**2).sum())(w.value),
    "grad inside": lambda jax, w, x: jax.grad(lambda s: (w.value * s).sum())(2.0),
    "vmap": lambda jax, w, x: jax.vmap(lambda row: row @ w.value)(x),
    "scan": lambda jax, w, x: jax.lax.scan(lambda c, row: (c + row, row), w.value[0], w.value),
    "tree": lambda jax, w, x: jax.tree_util.tree_map(lambda v: v * 2, {"w": w.value}),
    "shape": lambda jax, w, x: jax.eval_shape(lambda: w.value).shape,
    "device_put": lambda jax, w, x: jax.device_put(w.value),
}

TORCH: dict[str, Callable[[Any, Any, Any], Any]] = {
    "matmul": lambda torch, w, x: torch.matmul(torch.as_tensor(x), w.value).detach(),
    "sum of it": lambda torch, w, x: torch.sum(w).detach(),
    "functional": lambda torch, w, x: torch.nn.functional.linear(w.value, w.value).detach(),
    "backward": lambda torch, w, x: _backward(w),
    "autograd": lambda torch, w, x: torch.autograd.grad((w.value**2).sum(), w.value),
    "no_grad": lambda torch, w, x: _in_mode(torch.no_grad, w),
    "inference_mode": lambda torch, w, x: _in_mode(torch.inference_mode, w),
    "inference_mode, then autograd": lambda torch, w, x: (
        _in_mode(torch.inference_mode, w),
        torch.autograd.grad((w.value**2).sum(), w.value),
    ),
    "in place": lambda torch, w, x: _in_place(torch, w),
    "clone": lambda torch, w, x: w.value.detach().clone(),
    "func.grad": lambda torch, w, x: torch.func.grad(lambda v: (v**2).sum())(w.value).detach(),
}


NATIVE = {"tensorflow": TENSORFLOW, "jax": JAX, "torch": TORCH}


def _backward(w: Any) -> Any:
    (w.value**2).sum().backward()
    return w.value.grad


def _in_mode(mode: Any, w: Any) -> Any:
    with mode():
        return (w.value * 2.0).cpu().clone().numpy()


def _in_place(torch: Any, w: Any) -> Any:
    with torch.no_grad():
        w.value.mul_(2.0)
    return w.value.detach()


def _fitted(keras: ModuleType, model: Any, x: Any, **settings: Any) -> Any:
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    y = np.linspace(-1, 1, 2 * 3, dtype="float32").reshape(2, 3)
    history = model.fit(x, y, epochs=2, batch_size=2, shuffle=False, verbose=0, **settings)
    return history.history["loss"], model.get_weights()


def _watching(keras: ModuleType, model: Any, x: Any, folder: Path) -> Any:
    seen: list[Any] = []

    class Watching(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_train_begin(self, logs: Any = None) -> None:
            seen.extend(self.model.get_weights())

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(np.asarray(self.model.layers[-1].weights[0]))

    path = str(folder / "best.weights.h5")
    kept = keras.callbacks.ModelCheckpoint(path, save_weights_only=True)
    early = keras.callbacks.EarlyStopping("loss", restore_best_weights=True)
    fitted = _fitted(keras, model, x, callbacks=[Watching(), kept, early])
    model.load_weights(path)
    return seen, fitted, model.get_weights()


def _saved(keras: ModuleType, model: Any, x: Any, folder: Path) -> Any:
    model.save(folder / "model.keras")
    return keras.models.load_model(folder / "model.keras").predict(x, verbose=0)


def _weights_saved(keras: ModuleType, model: Any, x: Any, folder: Path) -> Any:
    path = str(folder / "model.weights.h5")
    model.save_weights(path)
    before = model.get_weights()
    model.set_weights([np.zeros_like(weight) for weight in before])
    model.load_weights(path)
    return before, model.get_weights()


def _weights_loaded(keras: ModuleType, model: Any, x: Any, folder: Path) -> Any:
    path = str(folder / "model.weights.h5")
    other = keras.models.clone_model(model)
    other.set_weights([np.full(weight.shape, 0.1) for weight in other.get_weights()])
    other.save_weights(path)
    model.load_weights(path)
    return model.predict(x, verbose=0)


def _cloned(keras: ModuleType, model: Any, x: Any, folder: Path) -> Any:
    again = keras.models.clone_model(model)
    again.set_weights(model.get_weights())
    return again.predict(x, verbose=0)


def _batched(keras: ModuleType, model: Any, x: Any, folder: Path) -> Any:
    model.compile("adam", "mse")
    losses = [model.train_on_batch(x, np.ones((2, 3), "float32")) for _ in range(2)]
    return losses, model.predict_on_batch(x), model.get_weights()


def _pickled(keras: ModuleType, model: Any, x: Any, folder: Path) -> Any:
    return pickle.loads(pickle.dumps(model)).predict(x, verbose=0)


def _part(keras: ModuleType, model: Any, x: Any, folder: Path) -> Any:
    return keras.Model(model.inputs, model.layers[-2].output)(x)


def _built_upon(keras: ModuleType, model: Any, x: Any, folder: Path) -> Any:
    inputs = keras.Input((6,))
    outputs = keras.layers.Dense(2, kernel_initializer="ones")(model(inputs))
    return keras.Model(inputs, outputs).predict(x, verbose=0)


USES: dict[str, Use] = {
    "called": lambda keras, model, x, folder: model(x),
    "predict": lambda keras, model, x, folder: model.predict(x, verbose=0),
    "fit": lambda keras, model, x, folder: _fitted(keras, model, x),
    "fit, eagerly": lambda keras, model, x, folder: _eagerly(keras, model, x),
    "callbacks": _watching,
    "batches": _batched,
    "saved": _saved,
    "weights saved": _weights_saved,
    "weights loaded": _weights_loaded,
    "cloned": _cloned,
    "pickled": _pickled,
    "get_weights": lambda keras, model, x, folder: model.get_weights(),
    "threads": lambda keras, model, x, folder: in_threads(lambda: model(x)),
    "a part of it": _part,
    "in another model": _built_upon,
}


def _eagerly(keras: ModuleType, model: Any, x: Any) -> Any:
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(x, np.ones((2, 3), "float32"), verbose=0)
    return model.get_weights()


def backend_of(keras: ModuleType) -> ModuleType:
    """What the backend offers itself."""
    name = keras.backend.backend() if hasattr(keras, "ops") else "tensorflow"
    return import_module(name)

"""Layers that people write: sources whose calls, functions and constants are edited.

Each source defines ``make``, which gives the layer or model to call. ``keras``, ``layers`` and ``ops`` are
there; what ``__init__`` and ``build`` do is not edited, as tables of shapes and configs tell that.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Program(NamedTuple):
    """A layer of somebody's own.

    Args:
        takes: what it is called with: ``"sequence"``, ``"vector"``, ``"image"``, ``"embedded"`` (a sequence
            with a mask), ``"tokens"`` or ``"two"`` (a sequence and a vector).
        source: its source.
    """

    takes: str
    source: str


PROGRAMS: Final = {
    "residual": Program(
        "sequence",
        """
SCALE = 0.7

def mixed(x, y):
    return SCALE * x + (1.0 - SCALE) * y

class Mine(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Dense(6, name="first")
        self.second = layers.Dense(6, name="second")

    def call(self, inputs):
        x = ops.relu(self.first(inputs))
        x = self.second(x)
        return mixed(inputs, x)

def make():
    return Mine(name="mine")
""",
    ),
    "attention": Program(
        "sequence",
        """
LARGE = 1e9

class Mine(layers.Layer):
    causal = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.query = layers.Dense(6, name="query")
        self.key = layers.Dense(6, name="key")
        self.value = layers.Dense(6, name="value")

    def hidden(self, steps):
        places = ops.arange(steps)
        return ops.cast(places[:, None] < places[None, :], "float32")

    def call(self, inputs):
        scores = ops.matmul(self.query(inputs), ops.transpose(self.key(inputs), (0, 2, 1))) / 2.45
        if self.causal:
            scores = scores - LARGE * self.hidden(5)
        shares = ops.softmax(scores, axis=-1)
        return ops.matmul(shares, self.value(inputs)) + inputs

def make():
    return Mine(name="mine")
""",
    ),
    "squeeze": Program(
        "image",
        """
def pooled(x):
    return ops.mean(x, axis=(1, 2), keepdims=True)

class Mine(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(4, 3, padding="same", name="conv")
        self.down = layers.Dense(2, activation="relu", name="down")
        self.up = layers.Dense(4, name="up")

    def call(self, inputs):
        x = self.conv(inputs)
        gate = ops.sigmoid(self.up(self.down(pooled(x))))
        x = x * gate
        return ops.maximum(x, 0.1 * x)

def make():
    return Mine(name="mine")
""",
    ),
    "normalization": Program(
        "vector",
        """
EPSILON = 0.001

class Mine(layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(name="scale", shape=(shape[-1],), initializer="ones")
        self.shift = self.add_weight(name="shift", shape=(shape[-1],), initializer="zeros")
        self.built = True

    def call(self, inputs):
        mean = ops.mean(inputs, axis=-1, keepdims=True)
        centred = inputs - mean
        variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
        return centred / ops.sqrt(variance + EPSILON) * self.scale + self.shift

def make():
    return Mine(name="mine")
""",
    ),
    "masked_mean": Program(
        "embedded",
        """
class Mine(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return ops.mean(inputs, axis=1)
        kept = ops.cast(mask, "float32")[:, :, None]
        total = ops.sum(inputs * kept, axis=1)
        return total / (ops.sum(kept, axis=1) + 0.001)

    def compute_mask(self, inputs, mask=None):
        return None

def make():
    return Mine(name="mine")
""",
    ),
    "passes_a_mask": Program(
        "embedded",
        """
class Mine(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.dense = layers.Dense(6, name="dense")

    def call(self, inputs):
        return ops.tanh(self.dense(inputs)) * 2.0

    def compute_mask(self, inputs, mask=None):
        if mask is None:
            return None
        return ops.logical_and(mask, inputs[:, :, 0] > -0.5)

def make():
    return Mine(name="mine")
""",
    ),
    "positions": Program(
        "sequence",
        """
def wave(steps, units):
    places = ops.cast(ops.arange(steps), "float32")[:, None]
    rates = 0.5 ** ops.cast(ops.arange(units), "float32")[None, :]
    return ops.sin(places * rates)

class Mine(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.project = layers.Dense(6, name="project")

    def call(self, inputs):
        x = self.project(inputs) + wave(5, 6)
        return ops.relu(x) - 0.1

def make():
    return Mine(name="mine")
""",
    ),
    "cell": Program(
        "sequence",
        """
class Cell(layers.Layer):
    keep = 0.8

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.state_size = 4
        self.output_size = 4

    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], 4))
        self.recurrent = self.add_weight(name="recurrent", shape=(4, 4))
        self.built = True

    def call(self, inputs, states):
        state = states[0]
        made = ops.tanh(ops.matmul(inputs, self.kernel) + ops.matmul(state, self.recurrent))
        state = self.keep * state + (1.0 - self.keep) * made
        return ops.relu(state), [state]

def make():
    return layers.RNN(Cell(name="cell"), return_sequences=True, name="mine")
""",
    ),
    "subclass_of_dense": Program(
        "vector",
        """
class Mine(layers.Dense):
    def call(self, inputs):
        kernel = ops.tanh(self.kernel) * 1.2
        return ops.matmul(ops.clip(inputs, -2.5, 2.5), kernel) - 0.5 * self.bias

def make():
    return Mine(6, name="mine")
""",
    ),
    "losses": Program(
        "vector",
        """
WEIGHT = 0.01

class Mine(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(6, name="dense")

    def call(self, inputs):
        code = self.dense(inputs)
        self.add_loss(WEIGHT * ops.sum(ops.square(code)))
        return ops.tanh(code)

def make():
    return Mine(name="mine")
""",
    ),
    "modes": Program(
        "vector",
        """
MOMENTUM = 0.9

class Mine(layers.Layer):
    def build(self, shape):
        self.average = self.add_weight(
            name="average", shape=(shape[-1],), initializer="zeros", trainable=False
        )
        self.built = True

    def call(self, inputs, training=None):
        if training:
            mean = ops.mean(inputs, axis=0)
            self.average.assign(MOMENTUM * self.average + (1.0 - MOMENTUM) * mean)
            return inputs - mean
        return inputs - self.average * 1.5

def make():
    return Mine(name="mine")
""",
    ),
    "lambda": Program(
        "vector",
        """
def centred(x):
    return x - ops.mean(x, axis=-1, keepdims=True)

def squashed(x):
    x = ops.tanh(0.5 * centred(x))
    return x + 0.25

def make():
    return layers.Lambda(squashed, output_shape=(6,), name="mine")
""",
    ),
    "activation": Program(
        "vector",
        """
def hinge(x):
    return ops.where(x > 1.5, 1.5 + 0.2 * (x - 1.5), ops.maximum(x, -0.75))

def make():
    return layers.Dense(6, activation=hinge, name="mine")
""",
    ),
    "activation_layer": Program(
        "image",
        """
LOW = -0.3

def bounded(x):
    return ops.clip(x, LOW, 2.0) * ops.sigmoid(1.7 * x)

def make():
    return layers.Activation(bounded, name="mine")
""",
    ),
    "branches": Program(
        "image",
        """
class Mine(layers.Layer):
    weights_of = (1.0, 0.5, 0.25)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.stem = layers.Conv2D(4, 1, name="stem")
        self.towers = [layers.Conv2D(4, 3, padding="same", name=f"tower_{n}") for n in range(3)]
        self.norm = layers.BatchNormalization(name="norm")

    def call(self, inputs, training=None):
        x = self.stem(inputs)
        total = 0.0
        for weight, tower in zip(self.weights_of, self.towers):
            total = total + weight * ops.relu(tower(x))
        return self.norm(total, training=training) + x

def make():
    return Mine(name="mine")
""",
    ),
    "towers": Program(
        "vector",
        """
class Mine(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.left = layers.Dense(6, name="left")
        self.right = layers.Dense(6, name="right")

    def both(self, x):
        return self.left(x), self.right(x)

    def call(self, inputs):
        left, right = self.both(inputs)
        left = ops.elu(left)
        return ops.concatenate([left, 2.0 * right, left * right], axis=-1)

def make():
    return Mine(name="mine")
""",
    ),
    "film": Program(
        "two",
        """
class Mine(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.gamma = layers.Dense(6, name="gamma")
        self.beta = layers.Dense(6, name="beta")

    def call(self, inputs):
        x, context = inputs
        gamma = self.gamma(context)[:, None, :]
        beta = self.beta(context)[:, None, :]
        return ops.tanh(gamma) * x + 0.3 * beta

def make():
    return Mine(name="mine")
""",
    ),
    "model": Program(
        "vector",
        """
class Mine(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.steps = [layers.Dense(6, activation="relu", name=f"step_{n}") for n in range(2)]
        self.last = layers.Dense(6, name="last")

    def call(self, inputs):
        x = inputs
        for number, step in enumerate(self.steps):
            x = step(x) + (number + 1) * 0.5 * x
        return self.last(x) - ops.abs(inputs)

def make():
    return Mine(name="mine")
""",
    ),
    "ids": Program(
        "tokens",
        """
UNKNOWN = 7

class Mine(layers.Layer):
    def build(self, shape):
        self.table = self.add_weight(name="table", shape=(10, 6))
        self.built = True

    def call(self, inputs):
        known = ops.cast(inputs != UNKNOWN, "float32")[:, :, None]
        rows = ops.take(self.table, inputs, axis=0) * known
        return rows * 2.45 + ops.cast(inputs == 0, "float32")[:, :, None]

def make():
    return Mine(name="mine")
""",
    ),
    "shift": Program(
        "sequence",
        """
class Mine(layers.Layer):
    def call(self, inputs):
        before = ops.concatenate([ops.zeros_like(inputs[:, :1]), inputs[:, :-1]], axis=1)
        change = inputs - before
        running = ops.cumsum(change * 0.5, axis=1)
        return ops.where(ops.abs(change) < 0.2, ops.zeros_like(change), running)

def make():
    return Mine(name="mine")
""",
    ),
    "nested": Program(
        "sequence",
        """
class Gate(layers.Layer):
    sharpness = 1.5

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(6, name="dense")

    def call(self, inputs):
        return ops.sigmoid(self.sharpness * self.dense(inputs))

class Mine(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.gate = Gate(name="gate")
        self.body = layers.Dense(6, name="body")

    def call(self, inputs):
        gate = self.gate(inputs)
        return gate * self.body(inputs) + (1.0 - gate) * inputs

def make():
    return Mine(name="mine")
""",
    ),
    "wrapper": Program(
        "sequence",
        """
class Mine(layers.Wrapper):
    def build(self, shape):
        if not self.layer.built:
            self.layer.build(shape)
        self.built = True

    def call(self, inputs):
        return self.layer(ops.relu(inputs)) - 0.5 * self.layer(ops.relu(-inputs))

def make():
    return Mine(layers.Dense(6, name="inner"), name="mine")
""",
    ),
    "distributed": Program(
        "sequence",
        """
class Each(layers.Layer):
    def call(self, inputs):
        largest = ops.max(inputs, axis=-1, keepdims=True)
        return ops.exp(inputs - largest) / 1.3

    def compute_output_shape(self, shape):
        return shape

def make():
    return layers.TimeDistributed(Each(name="each"), name="mine")
""",
    ),
    "regularizer": Program(
        "vector",
        """
def small(x):
    return 0.02 * ops.sum(ops.abs(x))

def make():
    return layers.Dense(6, activity_regularizer=small, name="mine")
""",
    ),
    "loop": Program(
        "vector",
        """
ROUNDS = 3

class Mine(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.step = layers.Dense(6, name="step")

    def call(self, inputs):
        state = inputs
        for number in range(ROUNDS):
            state = state + 0.4 * ops.tanh(self.step(state) - inputs)
        return ops.softmax(state)

def make():
    return Mine(name="mine")
""",
    ),
    "outputs": Program(
        "vector",
        """
class Mine(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.mean = layers.Dense(6, name="mean")
        self.spread = layers.Dense(6, name="spread")

    def call(self, inputs):
        spread = ops.softplus(self.spread(inputs)) + 0.01
        return self.mean(inputs), ops.minimum(spread, 3.0)

def make():
    return Mine(name="mine")
""",
    ),
    "convolved": Program(
        "image",
        """
class Mine(layers.Conv2D):
    def call(self, inputs):
        x = super().call(inputs)
        low = ops.min(x, axis=(1, 2), keepdims=True)
        return ops.leaky(x - low, 0.1)

def make():
    return Mine(4, 3, padding="same", name="mine")
""",
    ),
    "heads": Program(
        "sequence",
        """
HEADS = 2

class Mine(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.project = layers.Dense(6, name="project")

    def split(self, x):
        return ops.transpose(ops.reshape(x, (-1, 5, HEADS, 3)), (0, 2, 1, 3))

    def call(self, inputs):
        x = self.split(self.project(inputs))
        x = x * ops.softmax(x, axis=2)
        return ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (-1, 5, 6))

def make():
    return Mine(name="mine")
""",
    ),
}

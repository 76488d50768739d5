"""Lambdas as people write them: in other words, and changed."""

from __future__ import annotations

#: What the lambdas read.
MODULE = """
import functools
import math
import math as m
from math import sin

K = 3
L = 4
shape = (3, 3)
H = {"w": [1, 2]}
TABLE = [0.1, 0.2]


class Config:
    k = 2


class Settings:
    def __init__(self, k):
        self.k = k


settings = Settings(2)


def helper(x, k=1, l=2):
    return x * k + l


def other(x, k=1, l=2):
    return x * k - l
"""

#: A lambda, others that do the same, and others that do not.
LAMBDAS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "lambda x: x * 2",
        ("lambda t:t*2", "lambda x: (x * (2))"),
        ("lambda x: x + 2", "lambda x: x * 3"),
    ),
    (
        "lambda x: x - 1",
        ("lambda y: (\n    y\n    - 1)",),
        ("lambda x: 1 - x", "lambda x: x - 1.0"),
    ),
    (
        "lambda x: x / 2 + 1",
        ("lambda x: (x / 2) + 1",),
        ("lambda x: x / (2 + 1)", "lambda x: x // 2 + 1"),
    ),
    ("lambda x: -x ** 2", ("lambda x: -(x ** 2)",), ("lambda x: (-x) ** 2", "lambda x: x ** -2")),
    (
        "lambda x: x * (2 + 4)",
        ("lambda x: x * 6", "lambda x: x * (2 * K)"),
        ("lambda x: x * 2 + 4",),
    ),
    (
        "lambda x: x * K",
        ("lambda x: x * 3", "lambda y: y * K"),
        ("lambda x: x * L", "lambda x: K - x"),
    ),
    (
        "lambda x: x[:, :2]",
        ("lambda x: x[:,0 + 0:2][:, :]" if False else "lambda x: x[ : , :2 ]",),
        ("lambda x: x[:, 1:3]", "lambda x: x[:2]", "lambda x: x[:, 2]"),
    ),
    (
        "lambda x: x[..., ::-1]",
        ("lambda q: q[..., : : -1]",),
        ("lambda x: x[..., ::1]", "lambda x: x[:, ::-1]"),
    ),
    ("lambda x: x[..., None]", ("lambda x: x[(..., None)]",), ("lambda x: x[None, ...]",)),
    (
        "lambda x: x.sum(axis=-1)",
        ("lambda x: x.sum(\n    axis=-1,\n)",),
        ("lambda x: x.mean(axis=-1)", "lambda x: x.sum(axis=1)", "lambda x: x.sum(-1)"),
    ),
    (
        "lambda x: x.reshape(-1, 4)",
        ("lambda x: x.reshape(-1, L)",),
        ("lambda x: x.reshape(4, -1)", "lambda x: x.reshape((-1, 4))"),
    ),
    (
        "lambda x: x * x.shape[-1]",
        ("lambda t: t * t.shape[-1]",),
        ("lambda x: x * shape[-1]", "lambda x: x * x.shape[0]"),
    ),
    (
        "lambda x: math.sin(x)",
        ("lambda x: m.sin(x)", "lambda x: sin(x)"),
        ("lambda x: math.cos(x)", "lambda x: math.sinh(x)"),
    ),
    (
        "lambda x: x * math.pi",
        ("lambda x: m.pi * 1 * x" if False else "lambda x: x * m.pi",),
        ("lambda x: x * math.e", "lambda x: math.pi * x"),
    ),
    (
        "lambda x: helper(x)",
        ("lambda x: helper(  x )",),
        ("lambda x: other(x)", "lambda x: helper(x, 2)"),
    ),
    (
        "lambda x: helper(x, k=2)",
        ("lambda y: helper(y, k=2)",),
        ("lambda x: helper(x, l=2)", "lambda x: helper(x, k=3)"),
    ),
    ("lambda x: helper(x, k=1, l=3)", (), ("lambda x: helper(x, l=1, k=3)",)),
    (
        "lambda x: x * H['w'][0]",
        ('lambda x: x * H["w"][0]',),
        ("lambda x: x * H['w'][1]", "lambda x: x * TABLE[0]"),
    ),
    ("lambda x: x * Config.k", ("lambda x: x * settings.k",), ("lambda x: x * Config.__name__",)),
    (
        "lambda x: [x * K for _ in range(2)]",
        ("lambda x: [x * 3 for i in range(2)]",),
        (
            "lambda x: [x * L for _ in range(2)]",
            "lambda x: [x * K for _ in range(3)]",
            "lambda x: (x * K for _ in range(2))",
            "lambda x: {x * K for _ in range(2)}",
        ),
    ),
    (
        "lambda x: [a * b for a, b in x]",
        ("lambda t: [i*j for (i, j) in t]",),
        (
            "lambda x: [b * a for a, b in x]" if False else "lambda x: [a - b for a, b in x]",
            "lambda x: [a * a for a, b in x]",
        ),
    ),
    (
        "lambda x: [a for a in x if a > 1]",
        ("lambda x: [b for b in x if not not b > 1]",),
        ("lambda x: [a for a in x if a >= 1]", "lambda x: [a for a in x]"),
    ),
    (
        "lambda x: sum(a for a in x if a > 1 and a < 3)",
        ("lambda x: sum(a for a in x if a > 1 if a < 3)",),
        ("lambda x: sum(a for a in x if a > 1 or a < 3)",),
    ),
    (
        "lambda x: {a: b for a, b in x.items()}",
        ("lambda x: {k: v for k, v in x.items()}",),
        ("lambda x: {b: a for a, b in x.items()}",),
    ),
    (
        "lambda x: x if x > 0 else 0",
        ("lambda x: 0 if not x > 0 else x",),
        ("lambda x: 0 if x > 0 else x", "lambda x: x if x >= 0 else 0"),
    ),
    (
        "lambda x: x and x + 1",
        ("lambda y: y and y + 1",),
        ("lambda x: x or x + 1", "lambda x: x + 1 and x"),
    ),
    (
        "lambda x: x if x > 1 and x < 3 else 2",
        ("lambda x: (x if x < 3 else 2) if x > 1 else 2",),
        ("lambda x: x if x > 1 or x < 3 else 2",),
    ),
    (
        "lambda x: 1 < x < 3",
        ("lambda x: (1 < x < 3)",),
        ("lambda x: 1 < x <= 3", "lambda x: 1 > x > 3"),
    ),
    (
        "lambda x: not x in (1, 2)",
        ("lambda x: x not in [1, 2]",),
        ("lambda x: x in (1, 2)", "lambda x: x not in (1, 3)"),
    ),
    (
        "lambda x: x is None",
        ("lambda z: z is None",),
        ("lambda x: x is not None", "lambda x: x == None"),
    ),
    ("lambda x: x == 1", (), ("lambda x: x != 1", "lambda x: x == True")),
    ("lambda x: x @ x", (), ("lambda x: x * x", "lambda x: x ** x")),
    (
        "lambda x: ~x & 3 | 4",
        ("lambda x: ((~x) & 3) | 4",),
        ("lambda x: ~(x & 3) | 4", "lambda x: ~x | 3 & 4"),
    ),
    ("lambda x: x << 1", (), ("lambda x: x >> 1", "lambda x: 1 << x")),
    ("lambda x: x % 3", (), ("lambda x: x // 3", "lambda x: 3 % x")),
    (
        "lambda x, k=2: x * k",
        ("lambda y, z=2: y * z",),
        ("lambda x, k=3: x * k", "lambda x, k: x * k", "lambda x, k=2: k * x"),
    ),
    (
        "lambda x, *, k=2: x * k",
        ("lambda y, *, z=2: y * z",),
        ("lambda x, *, k=3: x * k", "lambda x, k=2: x * k"),
    ),
    (
        "lambda *xs: xs[0] + xs[1]",
        ("lambda *a: a[0] + a[1]",),
        ("lambda *xs: xs[1] + xs[0]", "lambda xs: xs[0] + xs[1]"),
    ),
    ("lambda x, y: x - y", ("lambda a, b: a - b",), ("lambda x, y: y - x", "lambda y, x: x - y")),
    (
        "lambda x, training=None: x",
        ("lambda y, training=None: y",),
        ("lambda x, mask=None: x", "lambda x, other=None: x"),
    ),
    (
        "lambda x: (lambda y: y + x)(2)",
        ("lambda a: (lambda b: b + a)(2)",),
        ("lambda x: (lambda y: x + y)(2)", "lambda x: (lambda x: x + x)(2)"),
    ),
    (
        "lambda x: list(map(lambda y: y * 2, x))",
        ("lambda x: list(map(lambda x: x * 2, x))",),
        ("lambda x: list(map(lambda y: x * 2, x))", "lambda x: tuple(map(lambda y: y * 2, x))"),
    ),
    (
        "lambda x: f'{x:.2f}'",
        ('lambda x: f"{x:.2f}"',),
        ("lambda x: f'{x:.3f}'", "lambda x: f'{x!r:.2f}'"),
    ),
    (
        "lambda x: 'a' + x",
        ('lambda x: "a" + x', 'lambda x: """a""" + x'),
        ("lambda x: 'b' + x", "lambda x: b'a' + x"),
    ),
    ("lambda x: x * 1e3", ("lambda x: x * 1000.0",), ("lambda x: x * 1e4", "lambda x: x * 1000")),
    (
        "lambda x: {'a': x, 'b': 1}",
        ("lambda x: {'a': x,\n 'b': 1}",),
        ("lambda x: {'b': x, 'a': 1}", "lambda x: {'a': 1, 'b': x}"),
    ),
    ("lambda x: [x, 1]", ("lambda x: [x, 1,]",), ("lambda x: (x, 1)", "lambda x: [1, x]")),
    ("lambda x: [*x, 1]", (), ("lambda x: [x, 1]", "lambda x: [1, *x]")),
    ("lambda x: helper(*x)", (), ("lambda x: helper(x)", "lambda x: helper(**x)")),
    ("lambda x: dict(x, **H)", (), ("lambda x: dict(**H)", "lambda x: dict(x, *H)")),
    ("lambda x: x.real.imag", ("lambda x: (x.real).imag",), ("lambda x: x.imag.real",)),
    ("lambda x: abs(x)", ("lambda x: (abs)(x)",), ("lambda x: max(x)", "lambda x: abs(x, x)")),
    (
        "lambda x: (y := x * 2) + y",
        ("lambda t: (u := t * 2) + u",),
        ("lambda x: (y := x * 3) + y",),
    ),
    ("lambda x: None", (), ("lambda x: 0", "lambda x: ()")),
    ("lambda x: x * True", (), ("lambda x: x * 1",)),
    ("lambda x: x.get('swish')", ('lambda x: x.get("swish")',), ("lambda x: x.get('silu')",)),
)

#: Where a lambda may stand in a file, which then has it under ``f``.
PLACES = (
    "f = {}",
    "f = dict(k=1,\n    f={})['f']",
    "if not K:\n    pass\nelse: f = {}",
    "f = (lambda: {})()",
    "_, f = (lambda x: x - 9), {}",
    "def h(k={}):\n    return k\nf = h()",
    "f = [{} for _ in [0]][0]",
    "def make():\n    # which one\n    return {}\n\n\nf = make()",
    "class Has:\n    k = {}\nf = vars(Has)['k']",
    "def kept(g):\n    return lambda _: g\n\n\n@kept({})\ndef f(): ...",
    "f = functools.reduce(lambda a, b: b, [{}])",
    "with open(__file__): f = {}",
)

"""Convolutions against numpy's float64 definition of torch's, in value and in every gradient."""

import functools
import re

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import numpy_layers
import pytest
from jax import export
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from jaxgen.core import UserError
from jaxgen.models import convolution_forms, layers

pytestmark = pytest.mark.core

# (kernel, strides, padding, size): AGE's, the usual others, odd sizes, and skipped last rows.
GEOMETRIES = [
    (4, 2, 1, 8),
    (4, 2, 1, 7),
    (4, 1, 0, 4),
    (4, 1, 0, 1),
    (1, 1, 0, 4),
    (3, 1, 1, 5),
    (3, 2, 1, 7),
    (3, 2, 1, 8),
    (5, 2, 2, 9),
    (4, 3, 1, 9),
    ((3, 4), (2, 1), (0, 1), 6),
]
CASES = [
    (name, *geometry)
    for name in ("conv", "conv_transpose")
    for geometry in GEOMETRIES
    if name == "conv_transpose" or geometry != (4, 1, 0, 1)
]


def _case(name, kernel, strides, padding, size, channels=(2, 3), batch=2):
    """(our function, numpy's, x f64[b,h,w,c], kernel f64[kh,kw,c,o], cotangent); h is not w."""
    rng = np.random.default_rng(0)
    static = {"strides": strides, "padding": padding}
    ours = functools.partial(getattr(layers, name), **static)
    oracle = functools.partial(getattr(numpy_layers, name), **static)
    height = size if size == 1 else size + 1
    x = rng.normal(size=(batch, height, size, channels[0]))
    weights = rng.normal(size=(*layers.pair(kernel), *channels))
    return ours, oracle, x, weights, rng.normal(size=oracle(x, weights).shape)


def _gradients(oracle, x, kernel, cotangent):
    """Both gradients of the bilinear sum(cotangent * oracle(x, kernel)), by unit vectors."""
    zeros = np.zeros
    by_kernel = zeros(kernel.size)
    for n in range(kernel.size):
        unit = zeros(kernel.size)
        unit[n] = 1.0
        by_kernel[n] = np.vdot(cotangent, oracle(x, unit.reshape(kernel.shape)))
    units = np.eye(x[0].size).reshape(-1, *x.shape[1:])
    responses = oracle(units, kernel)
    by_x = np.einsum("bhwo,nhwo->bn", cotangent, responses).reshape(x.shape)
    return by_x, by_kernel.reshape(kernel.shape)


def _f32(*arrays):
    return tuple(jnp.asarray(a, jnp.float32) for a in arrays)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value_and_gradients_match_torchs_definition(case):
    ours, oracle, x, kernel, cotangent = _case(*case)

    run = jax.jit(functools.partial(_value_and_gradients, ours))
    expected = (oracle(x, kernel), *_gradients(oracle, x, kernel, cotangent))
    for got, want in zip(run(*_f32(x, kernel, cotangent)), expected):
        assert got.dtype == jnp.float32
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-4)  # sums of up to 200 terms


# Eight images fit the cache, and below 40 nothing is cut. 60 has no part of eight; 47 is prime.
@pytest.mark.parametrize(("batch", "parts"), [(64, 8), (60, 10), (47, 1), (16, 1)])
@pytest.mark.parametrize(
    ("name", "size", "channels", "pixels"),
    [("conv", 4, (64, 2), 2 * 2), ("conv_transpose", 2, (2, 64), 3 * 2)],
)
def test_what_is_too_large_at_once_is_made_of_parts_of_the_batch(
    name, size, channels, pixels, batch, parts, monkeypatch
):
    """On one device only; value and gradients are those of the whole batch."""
    ours, _, *arrays = _case(name, 4, 2, 1, size, channels, batch)
    arrays = _f32(*arrays)
    run = functools.partial(_value_and_gradients, ours)
    whole = jax.jit(run)(*arrays)
    assert "scan" not in str(jax.make_jaxpr(run)(*arrays))
    floats = pixels * (4 * 4 * 64 + 2 * 2)  # what 16 taps meet, and two copies of the cotangent
    monkeypatch.setattr(convolution_forms, "_CACHE", 8 * 4 * floats)
    monkeypatch.setattr(jax, "device_count", lambda: 1)
    alone = jax.jit(lambda *arrays: run(*arrays))
    lengths = re.findall(r" length=(\d+)", str(alone.trace(*arrays).jaxpr))
    # The gradient of the kernel, which begins with a part, and what scatters y.
    assert set(lengths) == ({str(parts - 1), str(parts)} if parts > 1 else set())
    for got, want in zip(alone(*arrays), whole):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "geometry"),
    [
        ("conv", (4, 2, 1, 6)),
        ("conv", (3, 1, 1, 4)),
        ("conv_transpose", (3, 2, 1, 4)),
        ("conv_transpose", (4, 1, 0, 1)),
    ],
    ids=str,
)
def test_gradient_of_a_gradient_norm(name, geometry):
    """WGAN-GP's derivative, against central differences of the oracle's gradient norm."""
    ours, oracle, x, kernel, _ = _case(name, *geometry, channels=(2, 2), batch=1)
    rng = np.random.default_rng(1)
    direction = rng.normal(size=kernel.shape)
    shape = oracle(x, kernel).shape

    def norm(kernel):
        # The critic is sum(y^2) / 2, whose input gradient is the adjoint of y.
        y = oracle(x, kernel)
        assert y.shape == shape
        return np.sum(_gradients(oracle, x, kernel, y)[0] ** 2)

    def penalty(x, kernel):
        critic = jax.grad(lambda x: 0.5 * jnp.sum(ours(x, kernel) ** 2))
        return jnp.sum(critic(x) ** 2)

    gradient = jax.jit(jax.grad(penalty, argnums=1))(*_f32(x, kernel))
    step = 1e-5
    difference = (norm(kernel + step * direction) - norm(kernel - step * direction)) / (2 * step)
    np.testing.assert_allclose(np.vdot(gradient, direction), difference, rtol=1e-4)


@pytest.mark.parametrize("of_seeds", [False, True])
@pytest.mark.parametrize("name", ["conv", "conv_transpose"])
def test_in_a_loop_convolutions_have_the_axes_that_cpus_have_code_for(name, of_seeds):
    """Others take a hundred times as long there; so do grouped ones, of the seeds of a `vmap`."""
    ours, _, *arrays = _case(name, 4, 2, 1, 4, (16, 16), 2)
    arrays = _f32(*arrays)
    run = functools.partial(_value_and_gradients, ours)
    if of_seeds:
        run, arrays = jax.vmap(run), [jnp.stack([array, array + 1]) for array in arrays]

    def loop(*arrays):
        return jax.lax.scan(
            lambda total, _: (jax.tree.map(jnp.add, total, run(*arrays)), None),
            run(*arrays),
            length=3,
        )[0]

    text = jax.jit(loop).lower(*arrays).compile().as_text()
    convolutions = re.findall(r"convolution\(.*", text)
    assert convolutions
    assert set(re.findall(r"dim_labels=(\S+?)[,\s]", text)) == {"b01f_01io->b01f"}
    assert "group_count" not in text
    single = jax.jit(functools.partial(_value_and_gradients, ours))
    for i in range(2 if of_seeds else 0):
        each = single(*(array[i] for array in arrays))
        for got, want in zip(jax.jit(run)(*arrays), each):
            np.testing.assert_allclose(got[i], want, rtol=1e-4, atol=1e-4)


def _value_and_gradients(function, x, kernel, cotangent):
    y, pullback = jax.vjp(function, x, kernel)
    return y, *pullback(cotangent)


@pytest.mark.parametrize(
    "case",
    [("conv", 3, 2, 1, 3), ("conv_transpose", 4, 2, 1, 2), ("conv_transpose", 2, 1, 0, 2)],
    ids=str,
)
def test_bfloat16_rounds_the_factors_and_nothing_else(case):
    """Products of rounded factors are exact in float32, so only the order of sums is free."""
    ours, _, *arrays = _case(*case, channels=(64, 64))
    arrays = _f32(*arrays)
    mixed = functools.partial(_value_and_gradients, functools.partial(ours, dtype=jnp.bfloat16))
    rounded = [a.astype(jnp.bfloat16).astype(jnp.float32) for a in arrays]
    got = jax.jit(mixed)(*arrays)
    want = jax.jit(functools.partial(_value_and_gradients, ours))(*rounded)
    for a, b in zip(got, want):
        assert a.dtype == jnp.float32
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-3)  # sums of 1000 terms of size 1
    assert not np.allclose(got[0], ours(*arrays[:2]), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("case", "channels"),
    [
        (("conv", 4, 2, 1, 4), (3, 4)),
        (("conv", 1, 1, 0, 2), (64, 64)),
        (("conv_transpose", 4, 1, 0, 1), (64, 64)),
    ],
    ids=str,
)
def test_small_products_stay_float32(case, channels):
    ours, _, *arrays = _case(*case, channels=channels)
    arrays = _f32(*arrays)
    mixed = functools.partial(_value_and_gradients, functools.partial(ours, dtype=jnp.bfloat16))
    for a, b in zip(mixed(*arrays), _value_and_gradients(ours, *arrays)):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["conv", "conv_transpose"])
def test_bfloat16_between_the_callers_transpositions(name):
    """XLA has no bfloat16 product with a transposed factor: none may be moved into one."""
    ours, _, x, kernel, _ = _case(name, 4, 2, 1, 4, channels=(64, 64), batch=1)
    x, kernel = _f32(x.transpose(0, 3, 1, 2), kernel.transpose(3, 2, 0, 1))

    def channels_first(x, kernel, dtype):
        y = ours(x.transpose(0, 2, 3, 1), kernel.transpose(2, 3, 1, 0), dtype=dtype)
        return jnp.sum(jnp.sin(y.transpose(0, 3, 1, 2).reshape(y.shape[0], -1).T))

    gradients = (
        jax.jit(jax.grad(functools.partial(channels_first, dtype=dtype), (0, 1)))(x, kernel)
        for dtype in (jnp.bfloat16, jnp.float32)
    )
    for a, b in zip(*gradients):
        assert np.linalg.norm(a - b) < 0.2 * np.linalg.norm(b)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("conv", jnp.float32), ("conv", jnp.bfloat16), ("conv_transpose", jnp.bfloat16)],
)
def test_kernels_in_parallel(name, dtype):
    """`vmap` over kernels (seeds), with the images shared, equals a loop; gradients as well."""
    ours, _, x, kernel, _ = _case(name, 4, 2, 1, 4, channels=(64, 64), batch=1)
    x, kernel = _f32(x, kernel)
    kernels = jnp.stack([kernel, -0.5 * kernel[::-1]])

    def gradients(kernel, x):
        return jax.grad(lambda *a: jnp.sum(jnp.sin(ours(*a, dtype=dtype))), (0, 1))(x, kernel)

    together = jax.jit(jax.vmap(gradients, (0, None)))(kernels, x)
    for n in range(2):
        alone = jax.jit(gradients)(kernels[n], x)
        for got, want in zip(together, alone):
            np.testing.assert_allclose(got[n], want, rtol=1e-3, atol=2e-2)


class _Net(nn.Module):
    """A convolution, a batch normalisation and the way back."""

    dtype: jnp.dtype = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, x):
        x = layers.Conv(4, 4, strides=2, padding=1, dtype=self.dtype)(x)
        x = nn.relu(layers.batch_norm(train=True, axis_name=self.axis_name)(x))
        return layers.ConvTranspose(3, 4, strides=2, padding=1, dtype=self.dtype)(x)


def _net_gradient(module, params, x):
    def loss(params):
        y, _ = module.apply(params, x, mutable=["batch_stats"])
        return jnp.mean(y**2)

    return jax.grad(loss)(params)["params"]


@pytest.fixture(scope="module")
def net():
    x = jax.random.normal(jax.random.key(0), (16, 8, 8, 3))
    variables = jax.jit(_Net().init)(jax.random.key(1), x)
    return variables, x, jax.jit(functools.partial(_net_gradient, _Net()))(variables, x)


def _assert_close(got, want):
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_a_sharded_batch_stays_sharded(net):
    """8 devices: the gradient of one, and no device ever sees another's images."""
    variables, x, want = net
    gradient = functools.partial(_net_gradient, _Net())
    compiled, (everywhere, split) = _compile_sharded(gradient, variables, x)
    got = compiled(jax.device_put(variables, everywhere), jax.device_put(x, split))
    _assert_close(got, want)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32])
def test_a_sharded_batch_of_many_channels_stays_sharded(dtype):
    """The same of the products that only wide layers take."""
    x, kernel = jnp.ones((8, 4, 4, 64)), jnp.ones((4, 4, 64, 64))

    def gradient(kernel, x):
        function = functools.partial(layers.conv, strides=2, padding=1, dtype=dtype)
        return jax.grad(lambda kernel: jnp.sum(function(x, kernel) ** 2))(kernel)

    _compile_sharded(gradient, kernel, x)


def _compile_sharded(gradient, variables, x):
    mesh = jax.make_mesh((8,), ("data",), axis_types=(AxisType.Auto,))
    shardings = (NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec("data")))
    sharded = jax.jit(gradient, in_shardings=shardings, out_shardings=shardings[0])
    compiled = sharded.lower(variables, x).compile()
    text = compiled.as_text()
    collectives = set(re.findall(r"(all-\w+|reduce-scatter|collective-\w+)\(", text))
    assert collectives == {"all-reduce"}
    return compiled, shardings


def test_along_a_named_axis(net):
    """`shard_map` with its checks on, and `vmap(axis_name=)`, give the gradient of one device."""
    variables, x, want = net
    module = _Net(axis_name="data")

    def local(variables, x):
        zero = 0.0 * jax.lax.axis_index("data")
        variables = jax.tree.map(lambda a: a + zero, variables)
        return jax.lax.pmean(_net_gradient(module, variables, x), "data")

    mesh = jax.make_mesh((8,), ("data",), axis_types=(AxisType.Auto,))
    specs = {"in_specs": (PartitionSpec(), PartitionSpec("data")), "out_specs": PartitionSpec()}
    _assert_close(jax.jit(jax.shard_map(local, mesh=mesh, **specs))(variables, x), want)
    stacked = jax.vmap(local, (None, 0), axis_name="data")(variables, x.reshape(8, 2, 8, 8, 3))
    _assert_close(jax.tree.map(lambda a: a[3], stacked), want)


def test_exports_and_scans(net):
    variables, x, want = net

    def twice(variables, x):
        step = lambda carry, x: (carry, _net_gradient(_Net(), variables, x))  # noqa: E731
        return jax.lax.scan(step, 0, jnp.stack([x, x]))[1]

    exported = export.export(jax.jit(twice), platforms=("cpu", "cuda"))(variables, x)
    _assert_close(jax.tree.map(lambda a: a[1], exported.call(variables, x)), want)


@pytest.fixture
def float64():
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ["conv", "conv_transpose"])
def test_float64_stays_float64(name):
    ours, oracle, x, kernel, cotangent = _case(name, 4, 2, 1, 6)
    arrays = [jnp.asarray(a) for a in (x, kernel, cotangent)]
    got = jax.jit(functools.partial(_value_and_gradients, ours))(*arrays)
    expected = (oracle(x, kernel), *_gradients(oracle, x, kernel, cotangent))
    for a, b in zip(got, expected):
        assert a.dtype == jnp.float64
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_unneeded_gradients_are_not_computed():
    """The input gradient of data and the kernel gradient of a constant network cost nothing."""
    ours, _, x, kernel, _ = _case("conv_transpose", 4, 2, 1, 8, channels=(8, 8))
    x, kernel = _f32(x, kernel)

    def flops(argnums):
        gradient = jax.grad(lambda *a: jnp.sum(ours(*a) ** 2), argnums)
        return jax.jit(gradient).lower(x, kernel).compile().cost_analysis()["flops"]

    both = flops((0, 1))
    assert flops(0) < 0.75 * both
    assert flops(1) < 0.75 * both


def test_layers_keep_float32_parameters():
    dtype, x = jnp.bfloat16, jnp.ones((2, 8, 6, 3))
    for layer, kernel, bias_bound, shape in [
        (layers.Conv(8, (4, 3), strides=2, padding=1, dtype=dtype), (4, 3, 3, 8), 36, (4, 3)),
        (
            layers.ConvTranspose(8, (4, 3), strides=2, padding=1, dtype=dtype),
            (4, 3, 3, 8),
            96,
            None,
        ),
    ]:
        y, variables = jax.jit(layer.init_with_output)(jax.random.key(0), x)
        params = variables["params"]
        assert params["kernel"].shape == kernel
        assert params["bias"].shape == (8,)
        assert {p.dtype for p in jax.tree.leaves((params, y))} == {jnp.dtype(jnp.float32)}
        assert y.shape == (2, *(shape or (16, 11)), 8)
        assert 0.3 * bias_bound**-0.5 < jnp.abs(params["bias"]).max() <= bias_bound**-0.5
        shifted = {"params": {**params, "bias": params["bias"] + 1.0}}
        np.testing.assert_allclose(jax.jit(layer.apply)(shifted, x), y + 1.0, rtol=1e-5, atol=1e-5)


def test_initialisers():
    key = jax.random.key(0)
    layer = layers.Conv(256, 4)
    kernel = jax.jit(layer.init)(key, jnp.ones((1, 4, 4, 32)))["params"]["kernel"]
    np.testing.assert_allclose([kernel.mean(), kernel.std()], [0.0, 0.02], atol=2e-4)
    module = layers.batch_norm(train=True)
    variables = jax.jit(module.init)(key, jnp.ones((2, 1, 1, 10000)))
    scale, bias = variables["params"]["scale"], variables["params"]["bias"]
    np.testing.assert_allclose([scale.mean(), scale.std()], [1.0, 0.02], atol=1e-3)
    assert not bias.any()


def test_batch_norm_is_torchs():
    """Batch statistics normalise with epsilon 1e-5; a tenth of them moves the running ones."""
    x = np.random.default_rng(0).normal(0.02, 0.01, size=(4, 5, 5, 2))
    module = layers.batch_norm(train=True)
    variables = module.init(jax.random.key(0), jnp.ones((4, 5, 5, 2)))
    y, updated = module.apply(variables, *_f32(x), mutable=["batch_stats"])
    mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
    scale = np.asarray(variables["params"]["scale"])
    np.testing.assert_allclose(y, (x - mean) / np.sqrt(var + 1e-5) * scale, atol=1e-4)
    stats = updated["batch_stats"]
    np.testing.assert_allclose(stats["mean"], 0.1 * mean, rtol=1e-4)
    np.testing.assert_allclose(stats["var"], 0.9 + 0.1 * var, rtol=1e-4)


@pytest.mark.parametrize(("kernel", "strides", "padding", "more"), [(5, 2, 2, 1), (3, 2, 1, 1)])
def test_output_padding_is_torchs(kernel, strides, padding, more):
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(2, 3, 4, 2)), rng.normal(size=(kernel, kernel, 2, 3))
    layer = layers.ConvTranspose(3, kernel, strides, padding, False, output_padding=more)
    want = numpy_layers.conv_transpose(x, weights, strides, padding, more)
    x, weights = _f32(x, weights)
    got = jax.jit(layer.apply)({"params": {"kernel": weights}}, x)
    assert got.shape == (2, 6, 8, 3)
    np.testing.assert_allclose(got, want, atol=1e-5)
    with pytest.raises(ValueError, match="above the padding"):
        layer.clone(padding=0).init(jax.random.key(0), x)


def test_half_padding_is_tensorflows_same_of_mirrored_images():
    rng = np.random.default_rng(0)
    x, kernel = _f32(rng.normal(size=(2, 8, 6, 2)), rng.normal(size=(5, 5, 2, 3)))
    ours = layers.conv(x, kernel, strides=2, padding=2)
    same = jax.lax.conv_general_dilated(
        x[:, ::-1, ::-1],
        kernel[::-1, ::-1],
        (2, 2),
        "SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    np.testing.assert_allclose(ours, same[:, ::-1, ::-1], atol=1e-4)


def test_dense():
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=5)
    params = dict(zip(("kernel", "bias"), _f32(kernel, bias)))
    got = layers.Dense(5).apply({"params": params}, *_f32(x))
    np.testing.assert_allclose(got, x @ kernel + bias, atol=1e-5)
    mixed = layers.Dense(5, dtype=jnp.bfloat16).apply({"params": params}, *_f32(x))
    assert mixed.dtype == jnp.float32
    np.testing.assert_allclose(mixed, x @ kernel + bias, atol=0.1)
    fresh = layers.Dense(5).init(jax.random.key(0), *_f32(x))["params"]
    assert fresh["kernel"].shape == (3, 5)
    assert not fresh["bias"].any()
    assert set(layers.Dense(5, use_bias=False).init(jax.random.key(0), *_f32(x))["params"]) == {
        "kernel"
    }


def test_maxout_takes_the_largest_of_its_own_pieces():
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.normal(size=(4, 3)), rng.normal(size=(3, 2 * 5)), rng.normal(size=10)
    params = {"Dense_0": dict(zip(("kernel", "bias"), _f32(kernel, bias)))}
    got = layers.Maxout(2, pieces=5).apply({"params": params}, *_f32(x))
    linear = x @ kernel + bias
    want = np.stack([linear[:, 5 * n : 5 * (n + 1)].max(axis=1) for n in range(2)], axis=1)
    np.testing.assert_allclose(got, want, atol=1e-5)


def test_dropout_drops_its_share_and_keeps_the_mean():
    x, rngs = jnp.full((64, 200), 2.0), {"dropout": jax.random.key(0)}
    y = layers.Dropout(0.2).apply({}, x, train=True, rngs=rngs)
    dropped = np.asarray(y) == 0.0
    assert np.mean(dropped) == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / x.size))
    np.testing.assert_allclose(y[~dropped], 2.0 / 0.8, rtol=1e-6)
    assert not (dropped == dropped[:1]).all()  # a mask for each sample
    np.testing.assert_array_equal(layers.Dropout(0.2).apply({}, x, train=False), x)
    np.testing.assert_array_equal(layers.Dropout(0.0).apply({}, x, train=True), x)


def test_dropout_does_not_depend_on_the_number_of_devices():
    x = jax.random.normal(jax.random.key(1), (16, 5))

    def drop(x, axis_name=None):
        rngs = {"dropout": jax.random.key(0)}
        return layers.Dropout(0.5, axis_name).apply({}, x, train=True, rngs=rngs)

    whole = drop(x)
    local = functools.partial(drop, axis_name="data")
    mesh = jax.make_mesh((8,), ("data",), axis_types=(AxisType.Auto,))
    split = PartitionSpec("data")
    mapped = jax.jit(jax.shard_map(local, mesh=mesh, in_specs=split, out_specs=split))(x)
    stacked = jax.vmap(local, axis_name="data")(x.reshape(8, 2, 5)).reshape(16, 5)
    sharded = jax.jit(drop, in_shardings=NamedSharding(mesh, split))(x)
    for other in (mapped, stacked, sharded):
        np.testing.assert_array_equal(other, whole)


def test_outputs_and_nonlinearities_by_name():
    x = jnp.linspace(-4.0, 4.0, 9)
    logistic = 1 / (1 + np.exp(-np.linspace(-4.0, 4.0, 9)))
    np.testing.assert_allclose(layers.to_image(x, "sigmoid"), 2 * logistic - 1, atol=1e-6)
    np.testing.assert_allclose(layers.to_image(x, "tanh"), np.tanh(x), atol=1e-6)
    assert layers.to_image(x, "linear") is x
    np.testing.assert_allclose(
        layers.nonlinearity("leaky_relu")(x), np.where(x < 0, 0.2 * x, x), atol=1e-6
    )
    assert layers.nonlinearity("relu")(x).min() == 0.0
    with pytest.raises(UserError, match=r'output_activation="logits" .* tanh, sigmoid, linear'):
        layers.to_image(x, "logits")
    with pytest.raises(UserError, match='activation="swish"'):
        layers.nonlinearity("swish")


def test_labels_are_appended_to_every_pixel():
    x, label = jnp.arange(16.0).reshape(2, 2, 2, 2), jnp.asarray([2, 0])
    y = layers.with_label(x, label, 3)
    np.testing.assert_array_equal(y[..., :2], x)
    for row, hot in enumerate(([0, 0, 1], [1, 0, 0])):
        np.testing.assert_array_equal(y[row, :, :, 2:], np.broadcast_to(hot, (2, 2, 3)))
    assert layers.with_label(x, None, 0) is x
    with pytest.raises(UserError, match="num_classes=3 was called without labels"):
        layers.with_label(x, None, 3)
    with pytest.raises(UserError, match="num_classes=0 was called with labels"):
        layers.with_label(x, label, 0)


def test_sides_that_do_not_fit_are_refused_in_one_sentence():
    def require(*sides):
        words = {"allowed": "multiples of 4", "fix": "choose 8"}
        layers.require_sides(_Net(), *sides, fits=lambda n: n % 4 == 0, **words)

    require(8)
    require(8, 12)
    for sides, given in (((6,), "6x6"), ((8, 6), "8x6"), ((0,), "0x0"), ((-4, 8), "-4x8")):
        with pytest.raises(UserError) as error:
            require(*sides)
        assert str(error.value) == (
            f"test_layers._Net does not fit images of {given} pixels: "
            "their sides must be multiples of 4; choose 8."
        )


@pytest.mark.parametrize(
    ("sides", "fits", "fix"),
    [
        ((6,), [4, 8, 12], "choose 4 or 8"),
        ((9, 9), [4, 8, 12], "choose 8 or 12"),
        ((8, 6), [2, 3, 8, 9], "choose 3 or 8"),  # the nearest to the one that does not fit
        ((3,), [4, 8], "choose 4"),
        ((-3,), [-2, 0, 4], "choose 4"),
        ((0,), [0, 5], "choose 5"),
        ((10**12,), [4, 8], "choose 8"),
        ((2,), [1, 10**9], "choose 1"),
        ((2,), [], "choose another network"),
    ],
)
def test_the_nearest_sides_are_named(sides, fits, fix):
    with pytest.raises(UserError, match=f" must be few; {fix}\\.$"):
        layers.require_sides(_Net(), *sides, fits=fits.__contains__, allowed="few")


def test_symmetric_uniform():
    values = layers.symmetric_uniform(0.05)(jax.random.key(0), (100, 100))
    assert 0.0499 < jnp.abs(values).max() <= 0.05
    np.testing.assert_allclose([values.mean(), values.std()], [0, 0.05 / 3**0.5], atol=1e-3)

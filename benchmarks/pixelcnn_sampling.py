r"""What drawing images from a PixelCNN costs, in forward passes of the same batch.

    python -m benchmarks.pixelcnn_sampling --batch 16,64 --rounds 7
    python -m benchmarks.pixelcnn_sampling --quick       # a small model, two rounds

A gated PixelCNN (28x28, 10 layers, 64 maps: 7x7, then 3x3) with random weights. Cases: `forward`,
one pass over a batch of images (teacher forcing); `sample`, drawing as many; `step`, one training
step; `naive`, the sampler that runs the network once for each pixel, of which NAIVE_PASSES of the
h w passes are measured and the rest is extrapolated; `product`, one large float32 matrix product.
The arithmetic minimum is the time that the products of one forward pass would take at the speed of
`product`. GFLOP/s count those products and nothing else. With others on the machine compare CPU
seconds.
"""

import argparse
import functools
from typing import Any

import jax
import jax.numpy as jnp
import optax

from benchmarks import harness
from jaxgen.core import Spec
from jaxgen.models.pixelcnn import PixelCNN
from jaxgen.objectives import pixelcnn

NAIVE_PASSES = 3
PRODUCT_SIZE = 2048


def forward_flops(net: PixelCNN, size: int) -> float:
    """Floating-point operations of the products of one image's forward pass, Bernoulli output."""
    c, hidden = net.features, net.head_features or net.features
    pointwise = 4 * c * c + c * c  # link and residual
    first, later = net.first_kernel_size // 2, net.kernel_size // 2
    layer = 2 * c * (first * net.first_kernel_size + first) * net.channels + pointwise
    layers = 2 * c * ((later + 1) * net.kernel_size + later + 1) * c + pointwise
    return 2.0 * size**2 * (layer + (net.depth - 1) * layers + c * hidden + hidden)


def naive_passes(net: PixelCNN, variables: Any, noise: jax.Array) -> jax.Array:
    """The first NAIVE_PASSES pixels, each by a pass over the whole image."""

    def draw(index, image):
        row, column = index // noise.shape[2], index % noise.shape[2]
        logits = net.apply(variables, image, train=False)
        drawn = jnp.where(noise < jax.nn.sigmoid(jnp.asarray(logits)), 1.0, -1.0)
        return image.at[:, row, column].set(drawn[:, row, column])

    return jax.lax.fori_loop(0, NAIVE_PASSES, draw, jnp.zeros(noise.shape))


def build(batch: int, size: int, fields: dict[str, Any]) -> tuple[PixelCNN, dict[str, Any]]:
    """(network, calls by name) for one batch size."""
    net = PixelCNN(output="bernoulli", channels=1, **fields)
    hparams = pixelcnn.Hparams(output="bernoulli", image_size=size, channels=1)
    spec = Spec(nets={"decoder": net}, tx={"decoder": optax.adam(1e-4)}, hparams=hparams)
    noise = jax.random.uniform(jax.random.key(0), (batch, size, size, 1))
    image = jnp.where(noise < 0.5, 1.0, -1.0)
    data = {"image": image, "label": jnp.zeros(batch, jnp.int32)}
    state = jax.jit(lambda key: pixelcnn.create_state(spec, key, data))(jax.random.key(1))
    variables = {"params": state.params["decoder"]}
    calls: dict[str, Any] = {
        "forward": (functools.partial(net.apply, train=False), variables, image),
        "sample": (functools.partial(net.apply, method="sample"), variables, noise),
        "step": (functools.partial(pixelcnn.train_step, spec), state, data, jax.random.key(2)),
        "naive": (functools.partial(naive_passes, net), variables, noise),
    }
    # Compiled ahead: a case that runs once only must not pay for it.
    compiled = {name: jax.jit(f).lower(*args).compile() for name, (f, *args) in calls.items()}
    return net, {name: functools.partial(compiled[name], *calls[name][1:]) for name in calls}


def run_batch(batch: int, size: int, rounds: int, fields: dict[str, Any]) -> dict[str, Any]:
    """All cases at one batch size; prints their table and returns their numbers."""
    net, calls = build(batch, size, fields)
    matrix = jax.random.normal(jax.random.key(2), (PRODUCT_SIZE, PRODUCT_SIZE))
    calls["product"] = functools.partial(jax.jit(jnp.matmul), matrix, matrix)
    results = harness.measure(calls, rounds, once=("naive",), progress=lambda text: None)
    extrapolated = size**2 / NAIVE_PASSES
    for key in ("min_s", "median_s", "min_cpu_s"):
        results["naive"][key] *= extrapolated
    flops = batch * forward_flops(net, size)
    work = {"forward": flops, "sample": flops, "step": 3 * flops, "naive": size**2 * flops}
    work["product"] = 2.0 * PRODUCT_SIZE**3
    rows = [["case", "wall s", "CPU s", "GFLOP/s", "GFLOP/CPU s", "forwards", "forwards, CPU"]]
    forward, product = results["forward"], results["product"]
    for name, result in results.items():
        result["gflops_per_s"] = work[name] / result["min_s"] / 1e9
        result["gflop_per_cpu_s"] = work[name] / result["min_cpu_s"] / 1e9
        result["forwards"] = result["min_s"] / forward["min_s"]
        result["forwards_cpu"] = result["min_cpu_s"] / forward["min_cpu_s"]
        rows.append(_row(name, result))
    minimum = {
        "min_s": flops / product["gflops_per_s"] / 1e9,
        "min_cpu_s": flops / product["gflop_per_cpu_s"] / 1e9,
        "gflops_per_s": product["gflops_per_s"],
        "gflop_per_cpu_s": product["gflop_per_cpu_s"],
    }
    minimum["forwards"] = minimum["min_s"] / forward["min_s"]
    minimum["forwards_cpu"] = minimum["min_cpu_s"] / forward["min_cpu_s"]
    rows.append(_row("arithmetic minimum", minimum))
    print(f"\nbatch {batch}, {flops / 1e9:.1f} GFLOP a forward pass")
    print(harness.table(rows), flush=True)
    return {"cases": results, "minimum": minimum, "gflop": flops / 1e9}


def _row(name, result):
    figures = [f"{result['min_s']:.3f}", f"{result['min_cpu_s']:.3f}"]
    figures += [f"{result[key]:.0f}" for key in ("gflops_per_s", "gflop_per_cpu_s")]
    return [name, *figures, *(f"{result[key]:.2f}" for key in ("forwards", "forwards_cpu"))]


def main() -> None:
    """Measures, prints tables, and the whole result as one line of JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--batch", default="16,64")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--size", type=int, default=28)
    parser.add_argument("--features", type=int, default=64)
    parser.add_argument("--depth", type=int, default=10)
    parser.add_argument("--kernel_size", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    if args.quick:
        args.batch, args.rounds, args.size, args.features, args.depth = "4", 2, 12, 16, 3
    fields = {name: getattr(args, name) for name in ("features", "depth", "kernel_size")}
    machine = harness.machine()
    print(
        f"{machine['cpu']}, {machine['cores']} cores, load {machine['load']}, {machine['devices']}"
    )
    batches = {
        batch: run_batch(int(batch), args.size, args.rounds, fields)
        for batch in args.batch.split(",")
    }
    harness.report({"machine": machine, "network": fields, "batches": batches})


if __name__ == "__main__":
    main()

r"""What a step costs a device when more devices share it, from the compiled programs alone.

    python -m benchmarks.scaling
    python -m benchmarks.scaling --configs=configs/age_digits.py --devices=1,2,8

Nothing is run: each config's step is compiled as a training run compiles it, its global batch split
over so many devices that XLA is made to see on the CPU, and read. FLOPs are XLA's own count of one
device's program, as a share of that of one device; 1/n is right. Loops are unrolled, for of a loop
XLA counts one turn. Collectives are counted as they are executed, with the bytes of their results:
sums of gradients and of the batch's moments, of which the compilers for GPUs and TPUs merge many.
Images must never be gathered: "of images" counts results as large as the batch or larger.
"""

import argparse
import functools
import math
import re
from typing import Any
from unittest import mock

import jax

from benchmarks import harness
from jaxgen import experiment
from jaxgen.train import program

CONFIGS = (
    "configs/age_celeba.py",
    "configs/dcgan_celeba.py",
    "configs/wgan_gp_cifar10.py",
    "configs/pixelcnn_mnist.py",
    "configs/colorization_places.py",
)
_COMPUTATION = re.compile(r"^(?:ENTRY )?(%[\w.-]+) \(.*\{$")
_COLLECTIVE = re.compile(
    r"= (.*?) (all-reduce|all-gather|all-to-all|reduce-scatter|collective-permute)(?:-start)?\("
)
_LOOP = re.compile(r" while\(.*body=(%[\w.-]+).*?\"known_trip_count\":\{\"n\":\"(\d+)\"")
_CALL = re.compile(r"(?:calls|to_apply|body|branch_computations)=\{?(%[\w.-]+)")
_ARRAY = re.compile(r"\b[a-z]+(\d*)\w*\[([\d,]*)\]")


def compiled(exp: experiment.Experiment, devices: int) -> tuple[Any, int]:
    """(The step of an experiment over so many devices, bytes of its batch's largest entry)."""
    mesh = program.make_mesh(jax.devices()[:devices])
    run = program.compile_step(exp.abilities.train_step, exp.spec, mesh)

    def on(tree, sharding, *axes):
        return jax.tree.map(
            lambda x: jax.ShapeDtypeStruct((*axes, *x.shape), x.dtype, sharding=sharding), tree
        )

    everywhere = program.replicated(mesh)
    split = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(None, "data"))
    key = jax.eval_shape(lambda: jax.random.key(0))
    state = on(jax.eval_shape(exp.create_state, key), everywhere)
    batch = on(dict(exp.example_batch), split, 1)
    size = max(math.prod(x.shape) * 4 for x in exp.example_batch.values())
    with mock.patch.object(jax.lax, "scan", functools.partial(jax.lax.scan, unroll=True)):
        return run.lower(state, {}, batch, on(key, everywhere)).compile(), size


def collectives(text: str) -> list[tuple[str, int]]:
    """(kind, bytes of the result) of every collective that a program executes, in no order.

    text: a compiled program as text. A loop's body counts as often as it turns.

    >>> collectives('''ENTRY %main (a: f32[2]) -> f32[2] {
    ...   %b = f32[2,3]{1,0} all-reduce(%a), to_apply=%add
    ... }''')
    [('all-reduce', 24)]
    """
    bodies: dict[str, list[str]] = {}
    entry = name = ""
    for line in text.splitlines():
        begins = _COMPUTATION.match(line)
        if begins:
            name = begins[1]
            bodies[name] = []
            entry = name if line.startswith("ENTRY") else entry
        elif name:
            bodies[name].append(line)

    def executed(computation: str) -> list[tuple[str, int]]:
        found = []
        for line in bodies.get(computation, ()):
            loop, collective = _LOOP.search(line), _COLLECTIVE.search(line)
            if loop:
                found += executed(loop[1]) * int(loop[2])
            elif collective:
                found.append((collective[2], _bytes(collective[1])))
            else:
                found += [pair for called in _CALL.findall(line) for pair in executed(called)]
        return found

    return executed(entry)


def _bytes(shapes: str) -> int:
    sizes = (
        math.prod(int(n) for n in filter(None, dims.split(","))) * (int(bits or 8) // 8 or 1)
        for bits, dims in _ARRAY.findall(shapes)
    )
    return sum(sizes)


def main() -> None:
    """Prints a line for each config and number of devices."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--configs", default=",".join(CONFIGS))
    parser.add_argument("--devices", default="1,2,4,8,64")
    flags = parser.parse_args()
    counts = [int(n) for n in flags.devices.split(",")]
    jax.config.update("jax_num_cpu_devices", max(counts))
    jax.config.update("jax_disable_most_optimizations", True)  # changes neither FLOPs nor splits
    header = "config,devices,GFLOP a device,share of one's,collectives,MB,of images"
    rows: list[list[str]] = [list(header.split(","))]
    result: dict[str, Any] = {"machine": harness.machine(), "cases": []}
    for path in flags.configs.split(","):
        alone, exp = None, experiment.build(experiment.load_config(path))
        sizes = {x.shape[0] for x in exp.example_batch.values()}
        for devices in counts:
            uneven = [size for size in sizes if size % devices]
            if uneven:
                print(f"{path}: batches of {uneven[0]} are not shared by {devices} devices")
                continue
            step, images = compiled(exp, devices)
            flops = step.cost_analysis()["flops"]
            alone = alone or flops
            found = collectives(step.as_text())
            case = {
                "config": path.removeprefix("configs/"),
                "devices": devices,
                "gflop": round(flops / 1e9, 3),
                "share": round(flops / alone, 4),
                "collectives": len(found),
                "mb": round(sum(size for _, size in found) / 1e6, 2),
                "of_images": sum(kind == "all-gather" and size >= images for kind, size in found),
            }
            result["cases"].append(case)
            rows.append([str(value) for value in case.values()])
    print(harness.table(rows))
    harness.report(result)


if __name__ == "__main__":
    main()

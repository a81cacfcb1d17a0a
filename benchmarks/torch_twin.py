r"""What the benchmarks measure, in PyTorch, tuned for a CPU: same networks, batches and losses.

    python -m venv torch-env && torch-env/bin/pip install torch numpy
    OMP_WAIT_POLICY=passive torch-env/bin/python benchmarks/torch_twin.py --cases age_32,gan

In an environment of its own, for it needs PyTorch and nothing of jaxgen; `benchmarks.against_torch`
runs both in turn. Cases: `age_32`, `age_64`, a step of AGE's published losses; `gan`, `wgan_gp`, of
a DCGAN at 32 px, the latter with five updates of the critic; `pixelcnn_16`, `pixelcnn_64`, of a
gated PixelCNN (28x28, 10 layers, 64 maps) at that batch; with `_forward` its forward pass. Batches
are of 64 unless said. Images are channels_last, and PixelCNNs compiled (`torch.compile`), which is
what is fastest here; networks that an update leaves alone are frozen. Optimisers are Adam, as ours,
all at one rate. The last line is JSON.
"""

import argparse
import importlib
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

torch: Any = importlib.import_module("torch")
nn, F = torch.nn, torch.nn.functional

BATCH = 64
Step = Callable[[], Any]


def layer(
    kind: Any,
    inputs: int,
    outputs: int,
    kernel: int = 4,
    stride: int = 2,
    padding: int = 1,
    *,
    norm: bool = True,
    bias: bool = False,
    activation: Any = None,
) -> list[Any]:
    """A convolution or its transpose, and what follows it."""
    made = [kind(inputs, outputs, kernel, stride, padding, bias=bias)]
    if norm:
        made.append(nn.BatchNorm2d(outputs))
    return made if activation is None else [*made, activation]


def channels_last(x: Any) -> Any:
    """Images, or a network of images, stored pixel by pixel."""
    return x.to(memory_format=torch.channels_last)


class OfCodes(nn.Module):
    """A network of images that begins with codes, as maps of one pixel or through a product."""

    def __init__(self, layers: list[Any], first: list[Any] | None = None):
        super().__init__()
        self.first = None if first is None else nn.Linear(100, first[0], bias=False)
        self.rest = nn.Sequential(*(first or [0])[1:], *layers)

    def forward(self, code: Any) -> Any:
        """Images of codes."""
        maps = code[:, :, None, None]
        if self.first is not None:
            maps = self.first(code).reshape(len(code), -1, 4, 4)
        return self.rest(channels_last(maps))


class OfImages(nn.Module):
    """A network of images that ends in codes on the sphere, or in a score."""

    def __init__(self, layers: list[Any], score: Any = None):
        super().__init__()
        self.layers, self.score = nn.Sequential(*layers), score

    def forward(self, image: Any) -> Any:
        """Codes or scores of images."""
        maps = self.layers(image).flatten(1)
        return F.normalize(maps, dim=1) if self.score is None else self.score(maps).squeeze(1)


def age_networks(size: int) -> tuple[Any, Any, int]:
    """(encoder, generator, length of codes) of the published networks for 32 or 64 px."""
    m, large = (64, True) if size == 64 else (128, False)
    leaky, up = nn.LeakyReLU(0.2), nn.ConvTranspose2d
    widths = [3, 64, 128, 256, *[512] * large]
    encoder = []
    for index, (i, o) in enumerate(itertools.pairwise(widths)):
        encoder += layer(nn.Conv2d, i, o, norm=index > 0, activation=leaky)
    if large:
        encoder += layer(nn.Conv2d, 512, m, 4, 1, 0, norm=False, bias=True)
    else:
        encoder += [*layer(nn.Conv2d, 256, m, norm=False, bias=True), nn.AvgPool2d(2)]
    generator = layer(up, m, 512, 4, 1, 0, activation=nn.ReLU())
    widths = [512, 256, 128, 64 if large else 128]
    for i, o in itertools.pairwise(widths):
        generator += layer(up, i, o, activation=nn.ReLU())
    if large:
        generator += layer(up, 64, 3, norm=False, activation=nn.Tanh())
    else:
        generator += layer(nn.Conv2d, 128, 3, 1, 1, 0, norm=False, bias=True, activation=nn.Tanh())
    return channels_last(OfImages(encoder)), channels_last(OfCodes(generator)), m


def gan_networks(norm: bool) -> tuple[Any, Any]:
    """(discriminator, generator) of a DCGAN at 32 px; norm: whether the discriminator has any."""
    leaky, up = nn.LeakyReLU(0.2), nn.ConvTranspose2d
    judge = layer(nn.Conv2d, 3, 64, norm=False, bias=not norm, activation=leaky)
    for i, o in ((64, 128), (128, 256)):
        judge += layer(nn.Conv2d, i, o, norm=norm, bias=not norm, activation=leaky)
    score = nn.Linear(256 * 4 * 4, 1, bias=not norm)
    generator = []
    for i, o in ((256, 128), (128, 64)):
        generator += layer(up, i, o, activation=nn.ReLU())
    generator += layer(up, 64, 3, norm=False, activation=nn.Tanh())
    first = [256 * 4 * 4, nn.BatchNorm2d(256), nn.ReLU()]
    return channels_last(OfImages(judge, score)), channels_last(OfCodes(generator, first))


class GatedLayer(nn.Module):
    """One layer of a gated PixelCNN, with kernels that reach what they may see and no further."""

    def __init__(self, inputs: int, maps: int, kernel: int, first: bool):
        super().__init__()
        self.reach, self.first = kernel // 2, first
        rows = self.reach + (not first)
        self.vertical = nn.Conv2d(inputs, 2 * maps, (rows, kernel))
        self.horizontal = nn.Conv2d(inputs, 2 * maps, (1, rows))
        self.link = nn.Conv2d(2 * maps, 2 * maps, 1, bias=False)
        self.residual = nn.Conv2d(maps, maps, 1)

    def forward(self, v: Any, h: Any) -> tuple[Any, Any]:
        """The next features of both stacks."""
        n, (height, width) = self.reach, v.shape[2:]
        # The first layer leaves out the current row, or pixel.
        above = F.pad(v, (n, n, n, 0))[:, :, : height + n - self.first]
        left = F.pad(h, (n, 0, 0, 0))[:, :, :, : width + n - self.first]
        a = self.vertical(above)
        b = self.horizontal(left) + self.link(a)
        residual = self.residual(gate(b))
        return gate(a), residual if self.first else h + residual


def gate(x: Any) -> Any:
    """Tanh of the first half of the channels times the sigmoid of the second."""
    a, b = x.chunk(2, dim=1)
    return torch.tanh(a) * torch.sigmoid(b)


class PixelCNN(nn.Module):
    """Logits of binary pixels."""

    def __init__(self, maps: int = 64, depth: int = 10):
        super().__init__()
        further = [GatedLayer(maps, maps, 3, first=False) for _ in range(depth - 1)]
        self.layers = nn.ModuleList([GatedLayer(1, maps, 7, first=True), *further])
        hidden, output = nn.Conv2d(maps, maps, 1), nn.Conv2d(maps, 1, 1)
        self.head = nn.Sequential(nn.ReLU(), hidden, nn.ReLU(), output)

    def forward(self, image: Any) -> Any:
        """Logits of every pixel given those before it."""
        v = h = image
        for each in self.layers:
            v, h = each(v, h)
        return self.head(h)


class Player:
    """A network and its optimiser; the others are frozen while it moves."""

    def __init__(self, network: Any):
        self.network = network
        self._adam = torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999))

    def move(self, loss: Callable[[], Any], other: "Player | None" = None) -> None:
        """One update."""
        for player, moves in ((self, True), (other, False)):
            if player is not None:
                player.network.requires_grad_(moves)
        self._adam.zero_grad(set_to_none=True)
        loss().backward()
        self._adam.step()


def images(size: int, channels: int = 3, batch: int = BATCH) -> Any:
    """Random ones in [-1,1]."""
    return channels_last(2.0 * torch.rand(batch, channels, size, size) - 1.0)


def age(size: int) -> Step:
    """One update of the encoder, then two (32 px) or three (64 px) of the generator."""
    encode, generate, m = age_networks(size)
    encoder, generator = Player(encode), Player(generate)
    real, updates = images(size), 3 if size == 64 else 2

    def prior():
        return F.normalize(torch.randn(BATCH, m), dim=1)

    def divergence(code):
        mean, var = code.mean(0), code.var(0, unbiased=False)
        return (0.5 * (var + mean**2 - 1.0) - 0.5 * torch.log(var)).mean()

    def encoder_loss():
        code = encode(real)
        image = (generate(code) - real).abs().mean()
        return divergence(code) + 10.0 * image - divergence(encode(generate(prior())))

    def generator_loss():
        z = prior()
        code = encode(generate(z))
        return divergence(code) - 1000.0 * F.cosine_similarity(code, z).mean()

    def step():
        encoder.move(encoder_loss, generator)
        for _ in range(updates):
            generator.move(generator_loss, encoder)

    return step


def gan(gradient_penalty: bool) -> Step:
    """One update of each player, or five of the critic of WGAN-GP and one of the generator."""
    judge, generate = gan_networks(norm=not gradient_penalty)
    discriminator, generator, real = Player(judge), Player(generate), images(32)

    def fake():
        return generate(torch.randn(BATCH, 100))

    def discriminator_loss():
        with torch.no_grad():
            made = fake()
        if not gradient_penalty:
            return F.softplus(-judge(real)).mean() + F.softplus(judge(made)).mean()
        share = torch.rand(BATCH, 1, 1, 1)
        between = (share * real + (1.0 - share) * made).requires_grad_()
        (slope,) = torch.autograd.grad(judge(between).sum(), between, create_graph=True)
        penalty = ((slope.flatten(1).norm(dim=1) - 1.0) ** 2).mean()
        return judge(made).mean() - judge(real).mean() + 10.0 * penalty

    def generator_loss():
        score = judge(fake())
        return -score.mean() if gradient_penalty else F.softplus(-score).mean()

    def step():
        for _ in range(5 if gradient_penalty else 1):
            discriminator.move(discriminator_loss, generator)
        generator.move(generator_loss, discriminator)

    return step


def pixelcnn(batch: int, forward: bool) -> Step:
    """A forward pass, or an update."""
    decoder = Player(channels_last(PixelCNN()))
    image = torch.where(images(28, 1, batch) > 0.0, 1.0, 0.0)

    def loss():
        logits = decoder.network(2.0 * image - 1.0)
        return F.binary_cross_entropy_with_logits(logits, image, reduction="sum") / batch

    if forward:
        return torch.no_grad()(torch.compile(lambda: decoder.network(2.0 * image - 1.0)))
    compiled = torch.compile(loss)
    return lambda: decoder.move(compiled)


CASES: dict[str, Callable[[], Step]] = {
    "age_32": lambda: age(32),
    "age_64": lambda: age(64),
    "gan": lambda: gan(gradient_penalty=False),
    "wgan_gp": lambda: gan(gradient_penalty=True),
    "pixelcnn_16": lambda: pixelcnn(16, forward=False),
    "pixelcnn_16_forward": lambda: pixelcnn(16, forward=True),
    "pixelcnn_64": lambda: pixelcnn(64, forward=False),
    "pixelcnn_64_forward": lambda: pixelcnn(64, forward=True),
}


def main() -> None:
    """Prints the least seconds of each case, and all as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    found = {}
    for name in args.cases.split(","):
        torch.manual_seed(0)
        step, seconds = CASES[name](), []
        for _ in range(2):
            step()
        for _ in range(args.rounds):
            began = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - began)
        found[name] = min(seconds)
        print(f"{name:20} {1e3 * found[name]:8.1f} ms", flush=True)
    print(json.dumps({"torch": torch.__version__, "min_s": found}))


if __name__ == "__main__":
    main()

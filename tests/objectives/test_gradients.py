"""What every player of every game follows: the gradient of its paper's loss, all of it.

Each turn of a real step is held to central differences, in float64, of the loss in `numpy_games`,
by every weight of the networks that the turn moves, those of the others constant. So what should
be detached and is not, or is and should not be, shows, as does a term without its weight.
"""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import numpy_games as games
import optax
import pytest
from tiny_games import CLASSES, CODE, Pixels, Player, module_of, setup, update_key

from jaxgen.core import Nets, resolve

pytestmark = pytest.mark.core

RATE, STEP = 0.1, 1e-5
TOLERANCE = 1e-4  # of a gradient, relative to its norm
LEAST_SHARE = 20 * TOLERANCE  # of a term in it, so that none can be lost unseen
LABELLED = 3  # images; fewer than others, so that a mean of means is none of all


class Judge(nn.Module):
    """Scores that are not linear: a critic's gradient depends on where it is taken."""

    @nn.compact
    def __call__(self, x, label=None, *, train):
        return jnp.sum(jnp.tanh(Player((3,), name="hidden")(x, label, train=train)), axis=1)


class Graded(nn.Module):
    """A decoder of what `output` asks for, from one number a pixel."""

    output: str

    @nn.compact
    def __call__(self, image, code=None, *, train):
        y = Pixels()(image, code, train=train)
        if self.output == "categorical":
            return y[..., None] * jnp.linspace(-1.0, 1.0, 256).reshape(1, 1, 1, 1, -1)
        if self.output == "logistic_mixture":
            slope, offset = jnp.asarray(games.MIXTURE, y.dtype).reshape(2, 1, 1, 1, -1)
            return y * slope + offset
        return y


def two_players(adversary, loss, generator_loss):
    return {adversary: loss, "generator": generator_loss}


def phases(reconstruction, discriminator, encoder, supervised=None, names="discriminator"):
    """Phases 1, 2a, 2b and 3 by their purposes."""
    rows = {
        "encoder+decoder/reconstruction": reconstruction,
        f"{names}/adversarial": discriminator,
        "encoder/adversarial": encoder,
    }
    return rows | ({"encoder/supervised": supervised} if supervised else {})


def of_binary(*losses):
    return tuple(games.of_binary(loss) for loss in losses)


AGE = {"encoder": games.age_encoder, "generator": games.age_generator}
ALI = {"discriminator": games.ali_discriminator, "generator+encoder": games.ali_pair}
GAN = two_players("discriminator", games.gan_discriminator, games.gan_generator)
CGAN = two_players("discriminator", games.cgan_discriminator, games.cgan_generator)
CATGAN = two_players("discriminator", games.catgan_discriminator, games.catgan_generator)
CATGAN_OF_LABELS = CATGAN | {"discriminator": games.catgan_labelled_discriminator}
TEMPORAL, PI, OF_LABELS = (
    {"classifier": loss}
    for loss in (games.temporal_classifier, games.pi_classifier, games.classifier_of_labels)
)
INFOGAN = (games.infogan_discriminator, games.infogan_generator)
LSGAN = two_players("discriminator", games.lsgan_discriminator, games.lsgan_generator)
CYCLES = {
    "generator+inverse_generator": games.cycle_generators,
    "discriminator+inverse_discriminator": games.cycle_discriminators,
}
EBGAN = two_players("discriminator", games.ebgan_discriminator, games.ebgan_generator)
WGAN = two_players("critic", games.wgan_critic, games.wgan_generator)
WGAN_GP = two_players("critic", games.wgan_gp_critic, games.wgan_generator)
COLORIZATION = two_players("discriminator", games.color_discriminator, games.color_generator)
COLOR_REGRESSION = {"generator": games.color_generator}
COLOR_AGE = {"encoder": games.color_age_encoder, "generator": games.color_age_generator}
PIXELCNN = {"decoder": games.pixelcnn_decoder}
PIXELCNN_OF_CLASSES = {"decoder": games.pixelcnn_conditional_decoder}
CODES = (games.code_discriminator, games.code_encoder)
AAE = phases(games.reconstruction, *CODES)
INFORMED = phases(games.reconstruction, games.informed_discriminator, games.informed_encoder)
SUPERVISED = phases(games.reconstruction_of_class, *CODES)
SEMISUPERVISED = phases(
    games.semisupervised_reconstruction,
    games.semisupervised_discriminators,
    games.semisupervised_encoder,
    games.semisupervised_labels,
    names="+".join(games.JUDGES),
)
PIXELGAN = phases(*of_binary(games.pixelgan_reconstruction, *CODES, games.pixelgan_supervised))
PIXELGAN_OF_REAL_CODES = phases(*of_binary(games.pixelgan_reconstruction, *CODES))

VAE = {"encoder+decoder": games.vae}
VAEGAN = {
    "encoder": games.vaegan_encoder,
    "generator": games.vaegan_generator,
    "discriminator": games.vaegan_discriminator,
}

KINDS = {"image": ("generated", "reconstructed"), "latent": ("encoded", "recoded")}


def aegan(model, pair, **kinds):
    """The turns of a model in blocks, and at once, by their purposes."""
    blocks, at_once = {}, {}
    for player, fakes in kinds.items():
        name = f"{player}_discriminator"
        at_once[name] = games.aegan_discriminator(player, *fakes)
        for kind in fakes:
            blocks[f"{name}/real before {kind}"] = games.aegan_single(player, "real")
            blocks[f"{name}/{kind}"] = games.aegan_single(player, kind)
    last = {"generator" if model == "gan" else "generator+encoder": pair}
    return blocks | last, at_once | last


ALL_FOUR = games.aegan_pair("generated", "reconstructed", "encoded", "recoded")
AEGAN = {
    "aegan": aegan("aegan", ALL_FOUR, **KINDS),
    "gan": aegan("gan", games.aegan_pair("generated", model="gan"), image=("generated",)),
    "aae": aegan("aae", games.aegan_pair("encoded", model="aae"), latent=("encoded",)),
    "egan": aegan("egan", games.aegan_pair("reconstructed", model="egan"), image=KINDS["image"]),
    "ae": aegan("ae", games.aegan_pair(model="ae")),
}
AGE_WEIGHTS = {
    "encoder_real_weight": 1.5,
    "encoder_fake_weight": 0.7,
    "image_weight": 10.0,
    "encoder_latent_weight": 4.0,
    "generator_fake_weight": 0.6,
    "latent_weight": 5.0,
    "generator_image_weight": 2.0,
    "generator_updates": 1,
}
MOVED = {"translation": 1, "flip": True}
NOISY = {"discriminator_noise": 0.3}
GAUSSIAN = {"code_prior": "gaussian", "code_size": CODE, "prior_scale": 2.0}
MIXTURE = {"code_prior": "mixture", "code_size": CODE, "components": CLASSES, "prior_scale": 2.0}
IMPLICIT = {"posterior": "implicit", "input_noise": "gaussian", "input_noise_level": 0.3}
DROPOUT = {"posterior": "implicit", "input_noise": "dropout", "input_noise_level": 0.4}
DRAWN = {"posterior": "gaussian"}
# Objective, its losses by the turns' purposes, {case: hparams}.
GAMES = [
    *(
        (
            "aegan",
            losses,
            {f"{model}, {'at once' if at_once else 'blocks'}": {"model": model, **more}},
        )
        for model, both in AEGAN.items()
        for at_once, losses in enumerate(both)
        for more in [
            {"blocks": False, "reconstruction": "norms", "adversarial_form": "minimax"}
            if at_once
            else {}
        ]
    ),
    (
        "age",
        AGE,
        {
            "published": {},
            "off the sphere, pq": {"latent_prior": "normal", "kl_direction": "pq"},
            "textbook": {"kl_form": "textbook", "image_match": "cosine", "latent_match": "l1"},
            "textbook, pq": {"kl_form": "textbook", "kl_direction": "pq", "latent_match": "l2"},
            "neighbours": {"divergence": "nearest_neighbour", "image_match": "l2"},
            "within a margin": {"margin": 50.0},
            "beyond a margin": {"margin": 1e-3, "encoder_fake_weight": 9.0},
            "neighbours off the sphere": {
                "divergence": "nearest_neighbour",
                "latent_prior": "normal",
            },
        },
    ),
    (
        "ali",
        ALI,
        {
            "drawn": DRAWN,
            "bigan": {"latent_prior": "uniform", "reduction": "mean"},
        },
    ),
    (
        "cyclegan",
        CYCLES,
        {"published": {}, "without identity": {"identity_weight": 0.0, "pool_size": 0}},
    ),
    (
        "gan",
        GAN,
        {
            "smoothed": {"real_label": 0.9},
            "minimax": {"form": "minimax", "latent_prior": "normal"},
        },
    ),
    (
        "cgan",
        CGAN,
        {
            "non_saturating": {"latent_prior": "unit_hypercube"},
            "minimax": {"form": "minimax", "latent_prior": "uniform"},
        },
    ),
    ("catgan", CATGAN, {"published": {}, "of normal latents": {"latent_prior": "normal"}}),
    ("catgan", CATGAN_OF_LABELS, {"of labels": {"label_weight": 0.7}}),
    ("temporal_ensembling", TEMPORAL, {"temporal": {}, "temporal, moved about": MOVED}),
    (
        "temporal_ensembling",
        PI,
        {
            "pi": {"form": "pi", **MOVED},
            "pi, of weight that grows": {"form": "pi", **MOVED, "ramp_steps": 10**9},
        },
    ),
    (
        "temporal_ensembling",
        OF_LABELS,
        {"labels alone": {"consistency_weight": 0.0, **MOVED}},
    ),
    (
        "infogan",
        dict(zip(("discriminator+recogniser", "generator"), INFOGAN)),
        {"both": {}, "both, of categories alone": {"continuous_size": 0}},
    ),
    (
        "infogan",
        dict(zip(("discriminator", "generator+recogniser"), INFOGAN)),
        {"generator": {"information": "generator"}},
    ),
    ("lsgan", LSGAN, {"published": {}, "other targets": {"a": -1.0, "b": 1.5, "c": 0.3}}),
    (
        "ebgan",
        EBGAN,
        {
            "mean_squared": {"energy": "mean_squared", "margin": 0.36},
            "euclidean": {"energy": "euclidean", "margin": 1.2},
        },
    ),
    (
        "wgan",
        WGAN,
        {order: {"clip": 0.5, "clip_order": order} for order in ("after", "before")},
    ),
    ("wgan_gp", WGAN_GP, {"": {"penalty_weight": 7.0}}),
    (
        "colorization",
        COLORIZATION,
        {
            "gan": {"adversarial": "gan"},
            "gan, not halved, of a latent": {"halved": False, "latent_size": CODE},
            "lsgan": {"adversarial": "lsgan"},
            "ebgan": {"adversarial": "ebgan", "margin": 0.5},
            "ebgan, euclidean": {"adversarial": "ebgan", "energy": "euclidean", "margin": 2.0},
            "wgan": {"adversarial": "wgan", "clip": 0.5},
            "wgan_gp": {"adversarial": "wgan_gp", "penalty_weight": 7.0},
        },
    ),
    (
        "colorization",
        COLOR_REGRESSION,
        {"no adversary": {"adversarial": "none"}, "of weight 0": {"adversarial_weight": 0.0}},
    ),
    (
        "age_colorization",
        COLOR_AGE,
        {
            "published": {},
            "textbook, off the sphere": {
                "kl_form": "textbook",
                "latent_prior": "normal",
                "chroma_match": "l2",
                "latent_match": "l2",
            },
            "beyond a margin": {"margin": 1e-3},
        },
    ),
    (
        "pixelcnn",
        PIXELCNN,
        {
            "threshold": {},
            "sample": {"binarise": "sample"},
            "none": {"binarise": "none"},
            "categorical": {"output": "categorical"},
            "logistic_mixture": {"output": "logistic_mixture"},
        },
    ),
    ("pixelcnn", PIXELCNN_OF_CLASSES, {"of classes": {"num_classes": CLASSES}}),
    (
        "aae",
        AAE,
        {
            "gaussian": GAUSSIAN,
            "mixture, noise": MIXTURE | IMPLICIT | NOISY | {"reduction": "mean"},
            "gaussian, drawn": GAUSSIAN | DRAWN | NOISY | {"likelihood": "squared"},
        },
    ),
    (
        "aae",
        INFORMED,
        {
            f"label informed{more}": MIXTURE | NOISY | posterior | {"label_informed": True}
            for more, posterior in (("", {}), (", drawn", DRAWN), (", noise", DROPOUT))
        },
    ),
    (
        "aae_supervised",
        SUPERVISED,
        {
            "deterministic": {"likelihood": "squared"},
            "noise": DROPOUT | NOISY,
            "drawn": DRAWN | {"prior_scale": 2.0, "reduction": "mean"},
        },
    ),
    (
        "aae_semisupervised",
        SEMISUPERVISED,
        {
            "deterministic": {"style_scale": 2.0, "reduction": "mean"},
            "noise": DROPOUT | NOISY | {"likelihood": "squared"},
        },
    ),
    (
        "pixelgan_ae",
        PIXELGAN,
        {
            "categories": {},
            "categories, noise": DROPOUT | NOISY | {"binarise": "sample"},
            "categories of gray images": {"binarise": "none", "reduction": "mean"},
            "categories, 256 values": {"output": "categorical"},
        },
    ),
    (
        "pixelgan_ae",
        PIXELGAN_OF_REAL_CODES,
        {
            "gaussian": GAUSSIAN | {"reduction": "mean"},
            "gaussian, drawn": GAUSSIAN | DRAWN | NOISY,
            "gaussian, noise": GAUSSIAN | IMPLICIT,
            "mixture": MIXTURE,
        },
    ),
    (
        "vae",
        VAE,
        {
            "threshold": {},
            "sample, beta": {"binarise": "sample", "kl_weight": 4.0},
            "none": {"binarise": "none", "kl_weight": 0.5},
            "gaussian": {"likelihood": "gaussian", "pixel_scale": 0.4},
            "discretized": {"likelihood": "discretized", "pixel_scale": 0.2},
        },
    ),
    (
        "vaegan",
        VAEGAN,
        {
            "three like terms": {},
            "weights": {"real_weight": 2.0, "reconstructed_weight": 0.5, "feature_weight": 0.6},
            "narrow features": {"feature_scale": 0.5},
            "without reconstructions": {"reconstructed_weight": 0.0},
            "non_saturating": {"adversarial_form": "non_saturating", "reconstructed_weight": 0.5},
        },
    ),
]
# Players take turns, one update each: several, and both at once, are of the same losses.
DEFAULTS = {
    "aegan": {
        "image_weight": 1.5,
        "latent_weight": 0.7,
        "image_adversarial_weight": 1.2,
        "latent_adversarial_weight": 0.8,
        "real_label": 0.9,
        "fake_label": 0.2,
        "generator_updates": 1,
    },
    "age": AGE_WEIGHTS,
    "age_colorization": {
        "chroma_weight": 10.0,
        "latent_weight": 5.0,
        "encoder_latent_weight": 4.0,
        "generator_chroma_weight": 2.0,
        "generator_updates": 1,
    },
    "ali": {"order": "alternating"},
    "colorization": {"adversarial_weight": 1.5, "l1_weight": 1.2, "l2_weight": 0.7},
    "cyclegan": {"cycle_weight": 3.0, "inverse_cycle_weight": 2.0},
    "ebgan": {"pulling_away_weight": 0.7},
    "gan": {"order": "alternating"},
    "infogan": {"info_weight": 1.3, "continuous_weight": 0.6},
    "temporal_ensembling": {"consistency_weight": 5.0},
    "vaegan": {"order": "alternating", "margin": 0.0, "feature_weight": 0.3},
    "wgan": {"critic_updates": 1},
    "wgan_gp": {"critic_updates": 1},
}
CASES = {
    " ".join((name, case)).strip(): (name, losses, {**DEFAULTS.get(name, {}), **hparams})
    for name, losses, cases in GAMES
    for case, hparams in cases.items()
}


MOST_UPDATES = 4  # of a network in a step


def recording():
    """SGD that keeps the gradients it was given, in order."""

    def init(params):
        kept = jax.tree.map(lambda x: jnp.zeros((MOST_UPDATES, *x.shape)), params)
        return {"count": jnp.zeros((), jnp.int32), "kept": kept}

    def update(gradient, state, params=None, *, phase, **extra):
        count = state["count"]
        kept = jax.tree.map(lambda all_, g: all_.at[count].set(g), state["kept"], gradient)
        moves = jax.tree.map(lambda g: -RATE * g, gradient)
        return moves, {"count": count + 1, "kept": kept}

    return optax.GradientTransformationExtraArgs(init, update)


def game_of(name, hparams):
    """(spec, state, batch), of gray images."""
    module = module_of(name)
    spec, _, batch = setup(name, dict.fromkeys(module.NETWORKS, recording()), **hparams)
    nets = dict(spec.nets)
    if not {"catgan", "ebgan", "infogan", "vaegan"} & {
        name,
        getattr(spec.hparams, "adversarial", ""),
    }:
        nets |= dict.fromkeys(getattr(module, "ADVERSARIES", ()), Judge())
    if name.startswith("pixel"):
        nets["decoder"] = Graded(spec.hparams.output)
    if name == "ali" or hasattr(spec.hparams, "code_size"):
        drawn = spec.hparams.posterior == "gaussian"
        size = getattr(spec.hparams, "code_size", CODE)
        nets["encoder"] = Player((size * (2 if drawn else 1),))
    shape = batch["image"].shape
    if name == "age":  # two channels, as the cosine of one is its sign
        shape = (len(batch["image"]), 1, 2, 2)
        nets["generator"] = Player(shape[1:])
    levels = jax.random.randint(jax.random.key(9), (2, *shape), 0, 256)
    images = levels / 127.5 - 1.0
    batch |= {"image": images[0], "labelled_image": images[1, :LABELLED]}
    batch["labelled_label"] = batch["labelled_label"][:LABELLED]
    batch["lightness"] = batch["image"]
    spec = dataclasses.replace(spec, nets=nets)
    state = module.create_state(spec, jax.random.key(0), batch)
    if "ensemble" in state.memory:  # of images that were seen never, once or twice
        seen = jnp.array([0.0, 0.4, 0.64, 0.4])[jnp.arange(len(state.memory["ensemble"])) % 4]
        said = jax.random.dirichlet(jax.random.key(5), jnp.ones(CLASSES), seen.shape)
        state = state.replace(memory={"ensemble": seen[:, None] * said})
    return spec, state, batch


def share(term):
    weight, value = term
    return weight * value


def slopes(terms, weights, network):
    """{term: central differences of its share of the loss, by every weight of the network}."""
    found = {}
    for array in jax.tree.leaves(weights[network]):
        for i in np.ndindex(array.shape):
            here, sides = array[i], []
            for array[i] in (here + STEP, here - STEP):
                sides.append({name: share(x) for name, x in terms(weights).items() if x[0]})
            array[i] = here
            for name in sides[0]:
                slope = (sides[0][name] - sides[1][name]) / (2 * STEP)
                found.setdefault(name, []).append(slope)
    return {name: np.array(each) for name, each in found.items()}


def flat(tree):
    return np.concatenate([np.asarray(x, np.float64).ravel() for x in jax.tree.leaves(tree)])


@pytest.mark.parametrize("case", CASES)
def test_every_turn_of_a_step_follows_the_gradient_of_its_papers_loss(case):
    name, losses, hparams = CASES[case]
    spec, state, batch = game_of(name, hparams)
    key = jax.random.key(1)
    if hasattr(module_of(name), "show"):  # what its step puts into the batch
        batch |= module_of(name).show(spec, state, batch, jax.random.clone(key))[0]
    after, _ = module_of(name).train_step(spec, state, batch, key)
    weights = jax.tree.map(lambda x: np.array(x, np.float64), state.params)
    offered = resolve(module_of(name), spec.hparams)
    assert [turn.purpose for turn in offered.turns] == list(losses)
    used, updates = 0, dict.fromkeys(offered.networks, 0)
    for turn in offered.turns:
        part = used if turn.fresh else 0
        used += turn.fresh
        entries = [batch[entry][part :: offered.batches] for entry in turn.entries]
        weights = clipped(spec, turn, "before", weights)
        arrays = (np.asarray(x, np.float64 if x.ndim > 1 else None) for x in entries)
        terms = losses[turn.purpose](spec.hparams, update_key(key, turn.purpose), *arrays)
        check_values(spec, state, turn, weights, terms, *entries, update_key(key, turn.purpose))
        gradients = {n: kept_gradient(after, n, updates[n]) for n in turn.players}
        updates |= {n: updates[n] + 1 for n in turn.players}
        check_gradients(terms, weights, gradients)
        weights = clipped(spec, turn, "after", moved(weights, gradients))
    np.testing.assert_allclose(flat(after.params), flat(weights), atol=1e-5)


def kept_gradient(state, network, number):
    return jax.tree.map(lambda x: x[number], state.opt_state[network]["kept"])


def moved(weights, gradients):
    """The weights after an update of the networks that there are gradients of."""
    owned = {network: weights[network] for network in gradients}
    return weights | jax.tree.map(lambda w, g: w - RATE * np.float64(g), owned, gradients)


def clipped(spec, turn, when, weights):
    """The weights, of WGAN's critic within their limits where its order has them clipped now."""
    hparams, (name, *_) = spec.hparams, turn.players
    order = getattr(hparams, "clip_order", None)
    if getattr(hparams, "adversarial", None) == "wgan":
        order = "after"
    if name not in ("critic", "discriminator") or order != when:
        return weights
    limit = hparams.clip
    critic = jax.tree.map(lambda w: np.clip(w, -limit, limit), weights[name])
    return {**weights, name: critic}


def check_values(spec, state, turn, weights, terms, *args):
    params = jax.tree.map(jnp.float32, weights)
    loss, metrics = turn.loss(Nets(spec, params, state.model_state), spec, *args)
    expected = terms(weights)
    total = sum(map(share, expected.values()))
    np.testing.assert_allclose(loss, total, rtol=TOLERANCE)
    known = {f"{turn.players[0]}/loss": total} | {name: x for name, (_, x) in expected.items()}
    for name, value in metrics.items():
        np.testing.assert_allclose(value, known[name], rtol=TOLERANCE, atol=1e-6, err_msg=name)


def check_gradients(terms, weights, gradients):
    felt = set()
    for network, gradient in gradients.items():
        parts = slopes(terms, weights, network)
        expected = sum(parts.values())
        scale = np.linalg.norm(expected)
        assert scale > 1e-2
        assert np.linalg.norm(flat(gradient) - expected) < TOLERANCE * scale, network
        sizes = {name: np.linalg.norm(part) / scale for name, part in parts.items()}
        felt |= {name for name, size in sizes.items() if size}
        assert all(size == 0 or size > LEAST_SHARE for size in sizes.values()), sizes
    assert felt == set(parts) - {games.CONSTANT}

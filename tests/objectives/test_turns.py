"""The algorithm of every paper: who moves, on which loss, of what, how often, in which order.

A row of a table is (players, loss, entries, updates, fresh batches, phase, optional), as the paper
has it, and what a step does is checked against the rows.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tiny_games import BATCH, NAMES, module_of, setup, update_key

from jaxgen.core import finish, optimise, resolve
from jaxgen.objectives import wgan

pytestmark = pytest.mark.core

IMAGE, LABELLED = ("image",), ("labelled_image", "labelled_label")


def game(adversary, updates, generator_updates, entries=IMAGE):
    """Algorithm 1 of the GAN paper."""
    return (
        ((adversary,), f"{adversary}_loss", entries, updates, True, None, False),
        (("generator",), "generator_loss", entries, generator_updates, False, None, False),
    )


def autoencoder(
    entries=IMAGE,
    judged=IMAGE,
    discriminators=("discriminator",),
    losses=("discriminator_loss", "encoder_loss"),
    supervised=False,
):
    """Phases 1, 2a, 2b and 3 of adversarial autoencoders."""
    both = ("encoder", "decoder")
    rows = (
        (both, "reconstruction_loss", entries, 1, False, "reconstruction", False),
        (discriminators, losses[0], judged, 1, False, "adversarial", False),
        (("encoder",), losses[1], judged, 1, False, "adversarial", False),
    )
    last = (("encoder",), "supervised_loss", LABELLED, 1, False, "supervised", True)
    return (*rows, last) if supervised else rows


def aegan(pair, updates, *singles, fresh=True):
    """A block: discriminators on one kind of batch each, "fresh" where a kind is of new images."""
    rows = [
        ((f"{player}_discriminator",), f"{kind}_{player}_loss", IMAGE, 1, new, None, False)
        for player, kind, new in singles
    ]
    return (*rows, (pair, "generator_loss", IMAGE, updates, fresh, None, False))


PAIR = ("generator", "encoder")
ON_IMAGES = (
    ("image", "real", True),
    ("image", "generated", False),
    ("image", "real", True),
    ("image", "reconstructed", True),
)
ON_CODES = (
    ("latent", "real", False),
    ("latent", "encoded", True),
    ("latent", "real", False),
    ("latent", "recoded", False),
)
AT_ONCE = tuple(
    ((name,), f"{name}_loss", IMAGE, 1, False, None, False)
    for name in ("image_discriminator", "latent_discriminator")
)
COLORS = ("lightness", "chroma")
DOMAINS = ("image", "other_image")


def classifier(loss, *entries):
    return ((("classifier",), loss, (*entries, *LABELLED), 1, False, None, False),)


MIXTURE = {"code_prior": "mixture", "label_informed": True}
INFORMED = ("informed_discriminator_loss", "informed_encoder_loss")
JUDGES = ("category_discriminator", "style_discriminator")
# Name: (objective, hparams, batches of a step, rows).
CASES = {
    "aae": ("aae", {}, 1, autoencoder()),
    "aae, label informed": (
        "aae",
        MIXTURE,
        1,
        autoencoder(judged=("image", *LABELLED), losses=INFORMED),
    ),
    "aae_supervised": ("aae_supervised", {}, 1, autoencoder(entries=("image", "label"))),
    "aae_semisupervised": (
        "aae_semisupervised",
        {},
        1,
        autoencoder(
            discriminators=JUDGES, losses=("discriminators_loss", "encoder_loss"), supervised=True
        ),
    ),
    # Batches of a block: of Dx two real and one to rebuild, of Dz one, of the pair four.
    "aegan": ("aegan", {}, 8, aegan(PAIR, 4, *ON_IMAGES, *ON_CODES)),
    "aegan, at once": (
        "aegan",
        {"blocks": False},
        1,
        (*AT_ONCE, (PAIR, "generator_loss", IMAGE, 1, False, None, False)),
    ),
    "aegan, annealed": (
        "aegan",
        {"annealing_steps": 3, "generator_updates": 2},
        6,
        aegan(PAIR, 2, *ON_IMAGES, *ON_CODES),
    ),
    "aegan, gan": (
        "aegan",
        {"model": "gan"},
        1,
        aegan(("generator",), 2, *ON_IMAGES[:2], fresh=False),
    ),
    "aegan, aae": ("aegan", {"model": "aae"}, 3, aegan(PAIR, 2, *ON_CODES[:2])),
    "aegan, egan": ("aegan", {"model": "egan"}, 7, aegan(PAIR, 4, *ON_IMAGES)),
    "aegan, ae": ("aegan", {"model": "ae"}, 1, aegan(PAIR, 1)),
    "age": (
        "age",
        {},
        1,
        (
            (("encoder",), "encoder_loss", IMAGE, 1, True, None, False),
            (("generator",), "generator_loss", IMAGE, 2, False, None, False),
        ),
    ),
    "age, images in the generator": (
        "age",
        {"generator_image_weight": 1.0, "encoder_updates": 2, "generator_updates": 3},
        5,
        (
            (("encoder",), "encoder_loss", IMAGE, 2, True, None, False),
            (("generator",), "generator_loss", IMAGE, 3, True, None, False),
        ),
    ),
    "age_colorization": (
        "age_colorization",
        {"encoder_updates": 2},
        2,
        (
            (("encoder",), "encoder_loss", COLORS, 2, True, None, False),
            (("generator",), "generator_loss", COLORS, 2, False, None, False),
        ),
    ),
    **{
        f"ali{more}": (
            "ali",
            order,
            1,
            (
                (("discriminator",), "discriminator_loss", IMAGE, 1, True, None, False),
                (PAIR, "generator_loss", IMAGE, 1, False, None, False),
            ),
        )
        for more, order in (("", {}), (", alternating", {"order": "alternating"}))
    },
    "cyclegan": (
        "cyclegan",
        {},
        1,
        (
            (("generator", "inverse_generator"), "generators_loss", DOMAINS, 1, True, None, False),
            (
                ("discriminator", "inverse_discriminator"),
                "discriminators_loss",
                (*DOMAINS, "made_other_image", "made_image"),
                1,
                False,
                None,
                False,
            ),
        ),
    ),
    "catgan": ("catgan", {}, 1, game("discriminator", 1, 1)),
    "catgan, labels and several": (
        "catgan",
        {"label_weight": 2.0, "discriminator_updates": 2, "generator_updates": 3},
        2,
        (
            (
                ("discriminator",),
                "labelled_discriminator_loss",
                ("image", *LABELLED),
                2,
                True,
                None,
                False,
            ),
            (("generator",), "generator_loss", IMAGE, 3, False, None, False),
        ),
    ),
    "cgan": ("cgan", {}, 1, game("discriminator", 1, 1, ("image", "label"))),
    "colorization": ("colorization", {}, 1, game("discriminator", 1, 1, COLORS)),
    "colorization, several": (
        "colorization",
        {"adversarial": "lsgan", "discriminator_updates": 5, "generator_updates": 2},
        5,
        game("discriminator", 5, 2, COLORS),
    ),
    "colorization, no adversary": (
        "colorization",
        {"adversarial": "none", "generator_updates": 2},
        2,
        ((("generator",), "generator_loss", COLORS, 2, True, None, False),),
    ),
    "cgan, several": (
        "cgan",
        {"discriminator_updates": 2, "generator_updates": 3},
        2,
        game("discriminator", 2, 3, ("image", "label")),
    ),
    "ebgan": ("ebgan", {}, 1, game("discriminator", 1, 1)),
    "ebgan, several": (
        "ebgan",
        {"discriminator_updates": 2, "generator_updates": 3},
        2,
        game("discriminator", 2, 3),
    ),
    "gan": ("gan", {}, 1, game("discriminator", 1, 1)),
    "gan, several": (
        "gan",
        {"order": "alternating", "discriminator_updates": 2, "generator_updates": 3},
        2,
        game("discriminator", 2, 3),
    ),
    "infogan": (
        "infogan",
        {},
        1,
        (
            (
                ("discriminator", "recogniser"),
                "discriminator_loss",
                *(IMAGE, 1, True, None, False),
            ),
            (("generator",), "generator_loss", IMAGE, 1, False, None, False),
        ),
    ),
    "infogan, of the generator": (
        "infogan",
        {"information": "generator"},
        1,
        (
            (("discriminator",), "discriminator_loss", IMAGE, 1, True, None, False),
            (("generator", "recogniser"), "generator_loss", IMAGE, 1, False, None, False),
        ),
    ),
    "lsgan": ("lsgan", {}, 1, game("discriminator", 1, 1)),
    "lsgan, several": (
        "lsgan",
        {"discriminator_updates": 2, "generator_updates": 3},
        2,
        game("discriminator", 2, 3),
    ),
    "pixelcnn": (
        "pixelcnn",
        {},
        1,
        ((("decoder",), "decoder_loss", IMAGE, 1, False, None, False),),
    ),
    "pixelcnn of classes": (
        "pixelcnn",
        {"num_classes": 3},
        1,
        ((("decoder",), "conditional_decoder_loss", ("image", "label"), 1, False, None, False),),
    ),
    "pixelgan_ae": ("pixelgan_ae", {}, 1, autoencoder(supervised=True)),
    "pixelgan_ae of real codes": ("pixelgan_ae", {"code_prior": "gaussian"}, 1, autoencoder()),
    "temporal_ensembling": (
        "temporal_ensembling",
        {},
        1,
        classifier("temporal_loss", "image", "made_target", "made_weight"),
    ),
    "temporal_ensembling, pi": (
        "temporal_ensembling",
        {"form": "pi"},
        1,
        classifier("pi_loss", "image", "made_weight"),
    ),
    "temporal_ensembling, labels alone": (
        "temporal_ensembling",
        {"consistency_weight": 0.0},
        1,
        classifier("labelled_loss"),
    ),
    "vae": (
        "vae",
        {},
        1,
        ((("encoder", "decoder"), "autoencoder_loss", IMAGE, 1, False, None, False),),
    ),
    "vaegan": (
        "vaegan",
        {"order": "alternating", "margin": 0.0},
        1,
        tuple(
            ((player,), f"{player}_loss", IMAGE, 1, False, None, False)
            for player in ("encoder", "generator", "discriminator")
        ),
    ),
    "wgan": ("wgan", {}, 5, game("critic", 5, 1)),
    "wgan, few": ("wgan", {"critic_updates": 2, "generator_updates": 3}, 2, game("critic", 2, 3)),
    "wgan_gp": ("wgan_gp", {}, 5, game("critic", 5, 1)),
    "wgan_gp, few": (
        "wgan_gp",
        {"critic_updates": 2, "generator_updates": 3},
        2,
        game("critic", 2, 3),
    ),
}


def test_every_objective_is_here():
    assert {name for name, *_ in CASES.values()} == set(NAMES)


@pytest.mark.parametrize("case", CASES)
def test_the_turns_say_what_the_paper_does(case):
    name, hparams, batches, rows = CASES[case]
    module = module_of(name)
    offered = resolve(module, module.Hparams(**{**hparams, **sizes(hparams)}))
    assert offered.batches == batches
    found = tuple(
        (t.players, t.loss.__name__, t.entries, t.updates, t.fresh, t.phase, t.optional)
        for t in offered.turns
    )
    assert found == rows
    assert all(turn.loss is getattr(module, turn.loss.__name__) for turn in offered.turns)
    special = [t.players for t in offered.turns if t.count or t.update is not optimise]
    annealed = [PAIR] if hparams.get("annealing_steps") else []
    assert special == ([("critic",)] if name == "wgan" else annealed)


def sizes(hparams):
    """What a mixture needs beside its name."""
    return {"code_size": 2} if hparams.get("code_prior") == "mixture" else {}


def tallying():
    """An optimiser that counts its updates by phase, each of which adds a hundredth."""
    phases = ("reconstruction", "adversarial", "supervised", "none")

    def update(gradient, state, params=None, *, phase, **extra):
        phase = phase or "none"
        hundredth = jax.tree.map(lambda x: jnp.full_like(x, 0.01), gradient)
        return hundredth, {**state, phase: state[phase] + 1}

    return optax.GradientTransformationExtraArgs(
        lambda params: {phase: jnp.zeros((), jnp.int32) for phase in phases}, update
    )


TALLIED = [(case, True) for case in CASES] + [
    (case, False) for case, (*_, rows) in CASES.items() if any(row[-1] for row in rows)
]


@pytest.mark.parametrize(("case", "labelled"), TALLIED)
def test_who_moves_in_a_step_is_exactly_that(case, labelled):
    """With labelled images for the turns that are left out without them, or without."""
    name, hparams, batches, rows = CASES[case]
    options = {"clip": 100.0} if name == "wgan" else {}
    tx = {network: tallying() for network in module_of(name).NETWORKS}
    spec, state, batch = setup(name, tx, **hparams, **options)
    assert len(batch["image"]) == batches * BATCH
    entries = {entry for row in rows if labelled or not row[-1] for entry in row[2]}
    # What a step reads to make what its turns read.
    entries |= {"image", "index"} if name == "temporal_ensembling" else set()
    after, metrics = module_of(name).train_step(
        spec, state, {entry: batch[entry] for entry in entries}, jax.random.key(1)
    )
    assert int(after.step) == 1
    assert all(value.shape == () for value in metrics.values())
    expected = {network: {} for network in module_of(name).NETWORKS}
    for players, _, _, updates, _, phase, left_out in rows:
        for player in players:
            if labelled or not left_out:
                tally = expected[player]
                tally[phase or "none"] = tally.get(phase or "none", 0) + updates
    for network, tally in expected.items():
        counts = {phase: int(n) for phase, n in after.opt_state[network].items() if n}
        assert counts == tally, network
        pairs = jax.tree.leaves(after.params[network]), jax.tree.leaves(state.params[network])
        for now, then in zip(*pairs, strict=True):
            np.testing.assert_allclose(now - then, 0.01 * sum(tally.values()), atol=1e-5)


def step_by_step(name, rows, purposes, spec, state, batch, key, batches):
    """The rows one after the other, each update by itself, each against the others of now."""
    used = 0
    for (players, loss, entries, updates, fresh, phase, _), purpose in zip(rows, purposes):
        for number in range(updates):
            part = used + number if fresh else 0
            args = [batch[entry][part::batches] for entry in entries]
            args.append(update_key(key, purpose, number))
            clips = name == "wgan" and players == ("critic",)
            update = wgan.update_and_clip if clips else optimise
            loss_of = getattr(module_of(name), loss)
            state, _ = update(spec, state, players, loss_of, *args, phase=phase)
        used += updates if fresh else 0
    return finish(spec, state)


ORDERED = [case for case in CASES if case not in ("ali", "gan")]  # whose players move at once


@pytest.mark.parametrize("case", ORDERED)
def test_a_step_is_the_turns_one_after_the_other(case):
    name, hparams, batches, rows = CASES[case]
    options = {"clip": 0.5} if name == "wgan" else {}
    # Entropies of a few images move weights little, and one player's change the other's less.
    networks = module_of(name).NETWORKS if name == "catgan" else ()
    fast = dict.fromkeys(networks, optax.sgd(1.0))
    spec, state, batch = setup(name, fast, ema=True, **hparams, **options)
    key = jax.random.key(1)
    if hasattr(module_of(name), "show"):  # what its step puts into the batch
        batch |= module_of(name).show(spec, state, batch, jax.random.clone(key))[0]
    after, _ = module_of(name).train_step(spec, state, batch, key)
    purposes = [turn.purpose for turn in module_of(name).turns(spec.hparams)]
    expected = step_by_step(name, rows, purposes, spec, state, batch, key, batches)
    assert largest_difference(after, expected) < 1e-5
    if len(rows) > 1:
        swapped = rows[::-1], purposes[::-1]
        backwards = step_by_step(name, *swapped, spec, state, batch, key, batches)
        assert largest_difference(after, backwards) > 1e-4


def largest_difference(one, other):
    """Of any parameter, average or statistic."""
    one, other = ((state.params, state.ema, state.model_state) for state in (one, other))
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return max(float(jnp.max(jnp.abs(a - b))) for a, b in pairs)

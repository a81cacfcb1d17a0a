"""What every objective declares, as whoever builds an experiment of it is told."""

import types
from pathlib import Path

import pytest

from jaxgen import objectives
from jaxgen.core import Turn, UserError, resolve
from jaxgen.core.objective import require

pytestmark = pytest.mark.core

ABILITIES = {
    "draw_code",
    "encode",
    "decode",
    "reconstruct",
    "translate",
    "colorize",
    "complete",
    "as_modelled",
    "assignments",
    "evaluate",
}
CLASSIFIES = {"assignments", "evaluate"}
GENERATES = {"draw_code", "decode"}
REBUILDS = {*GENERATES, "encode", "reconstruct", "evaluate"}

# Objective -> (networks, adversaries, abilities).
OFFERS = {
    "aae": (("encoder", "decoder", "discriminator"), ("discriminator",), REBUILDS),
    "aae_semisupervised": (
        ("encoder", "decoder", "category_discriminator", "style_discriminator"),
        ("category_discriminator", "style_discriminator"),
        {*REBUILDS, "assignments"},
    ),
    "aae_supervised": (
        ("encoder", "decoder", "discriminator"),
        ("discriminator",),
        REBUILDS,
    ),
    "aegan": (
        ("generator", "encoder", "image_discriminator", "latent_discriminator"),
        ("image_discriminator", "latent_discriminator"),
        REBUILDS,
    ),
    "age": (("encoder", "generator"), (), REBUILDS),
    "age_colorization": (("encoder", "generator"), (), {"colorize", "evaluate"}),
    "ali": (("generator", "encoder", "discriminator"), ("discriminator",), REBUILDS),
    "catgan": (
        ("generator", "discriminator"),
        ("discriminator",),
        {*GENERATES, "assignments", "evaluate"},
    ),
    "cgan": (("generator", "discriminator"), ("discriminator",), GENERATES),
    "colorization": (
        ("generator", "discriminator"),
        ("discriminator",),
        {"colorize", "evaluate"},
    ),
    "cyclegan": (
        ("generator", "inverse_generator", "discriminator", "inverse_discriminator"),
        ("discriminator", "inverse_discriminator"),
        {"translate", "evaluate"},
    ),
    "ebgan": (("generator", "discriminator"), ("discriminator",), GENERATES),
    "gan": (("generator", "discriminator"), ("discriminator",), GENERATES),
    "infogan": (
        ("generator", "discriminator", "recogniser"),
        ("discriminator",),
        {*GENERATES, "assignments", "evaluate"},
    ),
    "lsgan": (("generator", "discriminator"), ("discriminator",), GENERATES),
    "pixelcnn": (("decoder",), (), {"complete", "as_modelled", "evaluate"}),
    "pixelgan_ae": (
        ("encoder", "decoder", "discriminator"),
        ("discriminator",),
        {*REBUILDS, "complete", "as_modelled", "assignments"},
    ),
    "temporal_ensembling": (("classifier",), (), CLASSIFIES),
    "vae": (("encoder", "decoder"), (), {*REBUILDS, "as_modelled"}),
    "vaegan": (("encoder", "generator", "discriminator"), ("discriminator",), REBUILDS),
    "wgan": (("generator", "critic"), ("critic",), {*GENERATES, "evaluate"}),
    "wgan_gp": (("generator", "critic"), ("critic",), {*GENERATES, "evaluate"}),
}
LABELLED = ("labelled_image", "labelled_label")


def resolved(name, **hparams):
    module = getattr(objectives, name)
    return resolve(module, module.Hparams(**hparams))


def test_every_objective_is_here():
    files = Path(objectives.__file__).parent.glob("[!_]*.py")
    assert OFFERS.keys() == {file.stem for file in files}


@pytest.mark.parametrize("name", OFFERS)
def test_abilities(name):
    networks, adversaries, abilities = OFFERS[name]
    game, module = resolved(name), getattr(objectives, name)
    assert game.name == f"jaxgen.objectives.{name}"
    assert (game.networks, game.adversaries) == (networks, adversaries)
    for ability in ABILITIES | {"create_state", "train_step", "sample"}:
        others = abilities & {"colorize", "translate"} or abilities == CLASSIFIES
        samples = ability == "sample" and not others
        offered = ability in abilities or ability in ("create_state", "train_step") or samples
        assert getattr(game, ability) is (getattr(module, ability) if offered else None), ability
    assert game.turns == module.turns(module.Hparams())
    assert game.only_classifies == (abilities == CLASSIFIES)
    movers = {player for turn in game.turns for player in turn.players}
    assert movers == set(networks)


# (objective, hparams, entries, optional entries, batches, classes, arcs).
READS = [
    ("aae", {}, ("image",), (), 1, 0, False),
    (
        "aae",
        {"code_prior": "mixture", "code_size": 2, "components": 7},
        ("image",),
        (),
        1,
        7,
        False,
    ),
    (
        "aae",
        {"code_prior": "mixture", "code_size": 2, "label_informed": True},
        ("image", *LABELLED),
        (),
        1,
        10,
        False,
    ),
    ("aae_semisupervised", {"num_classes": 7}, ("image",), LABELLED, 1, 7, False),
    ("aae_supervised", {"num_classes": 7}, ("image", "label"), (), 1, 7, False),
    ("age", {}, ("image",), (), 1, 0, True),
    ("age", {"latent_prior": "normal", "encoder_updates": 3}, ("image",), (), 3, 0, True),
    ("age", {"generator_image_weight": 1.0, "generator_updates": 4}, ("image",), (), 5, 0, True),
    ("catgan", {"num_classes": 7}, ("image",), (), 1, 7, False),
    (
        "catgan",
        {"label_weight": 0.5, "discriminator_updates": 2, "latent_prior": "normal"},
        ("image", *LABELLED),
        (),
        2,
        10,
        True,
    ),
    (
        "cgan",
        {"num_classes": 7, "discriminator_updates": 2, "latent_prior": "normal"},
        ("image", "label"),
        (),
        2,
        7,
        True,
    ),
    ("cyclegan", {}, ("image", "other_image"), (), 1, 0, False),
    ("ebgan", {"discriminator_updates": 2}, ("image",), (), 2, 0, False),
    ("gan", {"latent_prior": "uniform_unit"}, ("image",), (), 1, 0, False),
    ("gan", {"order": "alternating", "discriminator_updates": 3}, ("image",), (), 3, 0, False),
    ("gan", {"order": "alternating", "generator_updates": 3}, ("image",), (), 1, 0, False),
    ("infogan", {"num_classes": 7}, ("image",), (), 1, 7, False),
    ("lsgan", {"latent_prior": "normal"}, ("image",), (), 1, 0, True),
    ("pixelcnn", {}, ("image",), (), 1, 0, False),
    ("pixelcnn", {"num_classes": 7}, ("image", "label"), (), 1, 7, False),
    ("pixelgan_ae", {"code_size": 7}, ("image",), LABELLED, 1, 7, False),
    ("pixelgan_ae", {"code_prior": "gaussian"}, ("image",), (), 1, 0, False),
    ("temporal_ensembling", {}, ("image", *LABELLED, "index"), (), 1, 10, False),
    ("temporal_ensembling", {"form": "pi"}, ("image", *LABELLED), (), 1, 10, False),
    ("temporal_ensembling", {"consistency_weight": 0.0}, LABELLED, (), 1, 10, False),
    ("vae", {}, ("image",), (), 1, 0, True),
    ("vaegan", {}, ("image",), (), 1, 0, True),
    ("wgan", {}, ("image",), (), 5, 0, True),
    ("wgan", {"long_updates": 100}, ("image",), (), 100, 0, True),
    ("wgan_gp", {"critic_updates": 2, "latent_prior": "uniform"}, ("image",), (), 2, 0, False),
]


@pytest.mark.parametrize(("name", "hparams", "entries", "optional", "batches", "k", "arcs"), READS)
def test_what_a_step_reads_and_how_codes_lie(name, hparams, entries, optional, batches, k, arcs):
    game = resolved(name, **hparams)
    assert (game.entries, game.optional_entries, game.batches) == (entries, optional, batches)
    assert (game.num_classes, game.arcs) == (k, arcs)
    # A classifier's categories are not asked for.
    assert game.sampled_classes == (0 if name in ("catgan", "temporal_ensembling") else k)


BOTH = ("reconstruction", "adversarial")
PHASES = {
    "aae": ({}, {"encoder": (BOTH, BOTH)}),
    "aae_supervised": ({}, {"encoder": (BOTH, BOTH)}),
    "aae_semisupervised": ({}, {"encoder": (BOTH, (*BOTH, "supervised"))}),
    "pixelgan_ae": ({}, {"encoder": (BOTH, (*BOTH, "supervised"))}),
    "pixelgan_ae of real codes": (
        {"code_prior": "gaussian", "posterior": "gaussian"},
        {"encoder": (BOTH, BOTH)},
    ),
}


@pytest.mark.parametrize("name", sorted(OFFERS.keys() | PHASES.keys()))
def test_phases_are_of_networks_that_are_updated_in_several(name):
    """Without and with the turns that some data have not enough for."""
    hparams, several = PHASES.get(name, ({}, {}))
    game = resolved(name.partition(" ")[0], **hparams)
    for network in game.networks:
        found = tuple(game.phases(network, with_optional=o) for o in (False, True))
        assert found == several.get(network, ((), ())), network


# Somebody else's


def step(*args):
    raise NotImplementedError


def minimal(**more):
    names = {
        "NETWORKS": ["player"],
        "Hparams": object,
        "turns": lambda hparams: [Turn("player", step, ("lightness",), updates=hparams)],
        "create_state": step,
        "train_step": step,
        "sample": step,
    }
    return types.SimpleNamespace(__name__="papers.mine", **names | more)


def test_the_required_names_are_enough():
    game = resolve(minimal(), 3)
    assert game.name == "papers.mine"
    assert (game.networks, game.adversaries) == (("player",), ())
    assert game.turns == (Turn("player", step, ("lightness",), updates=3),)
    assert (game.num_classes, game.sampled_classes, game.arcs, game.batches) == (0, 0, False, 1)
    assert (game.entries, game.optional_entries) == (("lightness",), ())
    assert game.phases("player", with_optional=True) == ()
    assert game.num_images == 0
    assert (game.create_state, game.train_step, game.sample) == (step, step, step)
    assert {name for name in ABILITIES if getattr(game, name) is not None} == set()


@pytest.mark.parametrize("ability", sorted(ABILITIES))
def test_an_ability_is_found_by_its_name(ability):
    game = resolve(minimal(num_classes=lambda hparams: 2, **{ability: step}), 1)
    assert {name for name in ABILITIES if getattr(game, name) is not None} == {ability}


def test_without_classes_nothing_is_assigned_to_them():
    assert resolve(minimal(assignments=step), 1).assignments is None
    assert resolve(minimal(assignments=step, num_classes=lambda hparams: 0), 1).assignments is None
    assert resolved("pixelgan_ae", code_prior="gaussian").assignments is None


def test_classes_and_arcs_follow_the_hparams():
    module = minimal(num_classes=lambda hparams: 2 * hparams, arcs=lambda hparams: hparams > 3)
    assert [(resolve(module, n).num_classes, resolve(module, n).arcs) for n in (3, 4)] == [
        (6, False),
        (8, True),
    ]
    assert resolve(module, 3).sampled_classes == 6
    fewer = minimal(num_classes=lambda hparams: 6, sampled_classes=lambda hparams: hparams)
    assert (resolve(fewer, 3).num_classes, resolve(fewer, 3).sampled_classes) == (6, 3)


@pytest.mark.parametrize("lacking", sorted(vars(minimal()).keys() - {"__name__"}))
def test_a_missing_name_is_told(lacking):
    module = minimal()
    delattr(module, lacking)
    told = r"sample \(or colorize, translate or assignments\)" if lacking == "sample" else lacking
    message = rf"^config\.objective=papers\.mine lacks {told}\.$"
    with pytest.raises(UserError, match=message):
        resolve(module, 1)
    with pytest.raises(UserError, match=message):  # before there are hparams
        require(module)


def test_a_step_that_remembers_images_is_given_their_rows():
    remembers = minimal(num_images=lambda hparams: 7)
    game = resolve(remembers, 1)
    assert (game.num_images, game.entries) == (7, ("lightness", "index"))


def test_all_missing_names_are_told_at_once():
    with pytest.raises(UserError, match="lacks NETWORKS, Hparams, turns, create_state, train_step"):
        resolve(types.SimpleNamespace(__name__="papers.empty"), None)


def test_entries_are_in_the_order_of_the_turns_and_each_once():
    turns = (
        Turn("a", step, ("image", "label")),
        Turn("b", step, ("extra", "label", "image"), optional=True),
        Turn("c", step, ("other", "image")),
    )
    game = resolve(minimal(turns=lambda hparams: turns), 1)
    assert game.entries == ("image", "label", "other")
    assert game.optional_entries == ("extra",)


def test_phases_are_each_named_once_and_of_joint_players_too():
    turns = (
        Turn(("a", "b"), step, phase="first"),
        Turn("a", step, phase="second"),
        Turn("a", step, phase="first", name="again"),
        Turn("b", step, phase="third", optional=True),
        Turn("c", step, phase="only"),
        Turn("d", step, phase="always"),
        Turn("d", step, phase="sometimes", optional=True),
    )
    game = resolve(minimal(turns=lambda hparams: turns), 1)
    assert game.phases("a", with_optional=True) == ("first", "second")
    assert game.phases("b", with_optional=True) == ("first", "third")
    assert game.phases("c", with_optional=True) == ()
    # One of several is a phase with a name, even where the others are left out.
    assert game.phases("d", with_optional=False) == ("always",)
    assert game.phases("d", with_optional=True) == ("always", "sometimes")

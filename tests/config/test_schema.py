"""The schema itself: sound defaults, and which keys are free."""

import pytest

from jaxgen.config import optimisers, schema

EVERY = {
    f"{kind}:{section}.{name}": key
    for kind, sections in (
        ("run", schema.SECTIONS),
        ("study", schema.STUDY_SECTIONS),
        ("optimiser", {"": optimisers.COMMON, **optimisers.KINDS}),
        ("schedule", optimisers.SCHEDULES),
    )
    for section, keys in sections.items()
    for name, key in keys.items()
}


@pytest.mark.parametrize("key", EVERY.values(), ids=EVERY)
def test_a_key_has_a_meaning_and_a_default_that_is_allowed(key):
    assert key.meaning
    assert "\n" not in key.meaning
    assert not key.meaning.endswith(".")
    if key.choices:
        assert key.default in key.choices
    if key.least is not None:
        assert key.required or key.default >= key.least


def test_free_keys_are_those_that_do_not_change_what_is_trained():
    free = {
        f"{section}.{name}".lstrip(".")
        for section, keys in schema.SECTIONS.items()
        for name in keys
        if schema.is_free(f"{section}.{name}".lstrip("."))
    }
    assert free == {
        "num_steps",
        "log_every",
        "sample_every",
        "checkpoint_every",
        "evaluate_every",
        "checkpoint_keep",
        "checkpoint_best",
        "checkpoint_best_mode",
        "data.data_dir",
        "data.cache_dir",
        "data.max_pixels",
        "data.resident",
        "evaluation.num_images",
    }


@pytest.mark.parametrize(
    "key", ["seed", "hparams.latent_size", "networks.encoder.features", "optim.encoder.b1", "x", ""]
)
def test_other_keys_are_not_free(key):
    assert not schema.is_free(key)


def test_free_keys_of_a_study():
    def free(key):
        return schema.is_free(key, schema.STUDY_SECTIONS)

    assert free("seeds")
    assert free("seeds_at_once")
    assert free("data.cache_dir")
    assert not free("evaluations")
    assert not free("num_steps")
    assert not free("data.name")


def test_the_names_of_optimisers_and_schedules_are_those_that_have_keys():
    assert set(optimisers.COMMON["name"].choices) == set(optimisers.KINDS)
    assert set(optimisers.SCHEDULE_NAME.choices) == set(optimisers.SCHEDULES)

"""Keys by purpose: what they depend on, and what not."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest

from jaxgen.core import key_for

pytestmark = pytest.mark.core

# CRC-32 as gzip has it, and as every description of it does.
CRC = {"latent": 0x6CF1FD73, "123456789": 0xCBF43926, "": 0}


def words(key):
    return np.asarray(jax.random.key_data(key)).tolist()


@pytest.mark.parametrize("purpose", CRC)
def test_the_purpose_enters_by_a_fixed_hash(purpose):
    """Runs can be repeated by any later version and in any process."""
    key = jax.random.key(3)
    assert words(key_for(key, purpose)) == words(jax.random.fold_in(key, CRC[purpose]))


def test_purposes_and_keys_differ():
    keys = [
        tuple(words(key_for(jax.random.key(seed), purpose)))
        for seed in (0, 1)
        for purpose in ("a", "b", "ab", "ba", "a/b", "encoder", "encoder+decoder", "real", "fake")
    ]
    assert len(set(keys)) == len(keys)


def test_nested_purposes_are_not_commutative():
    key = jax.random.key(0)
    there, back = (key_for(key_for(key, a), b) for a, b in (("a", "b"), ("b", "a")))
    assert words(there) != words(back)


def test_a_key_may_be_asked_for_many_purposes():
    """The suite's check of reused keys is on: it must not take that for one."""
    key = jax.random.key(0)
    draws = [jax.random.normal(key_for(key, purpose)) for purpose in ("real", "fake", "real")]
    assert draws[0] != draws[1]
    assert draws[0] == draws[2]


def test_another_process_has_the_same_keys(repository):
    code = (
        "import jax; from jaxgen.core import key_for; "
        "print(jax.random.key_data(key_for(jax.random.key(3), 'latent')).tolist())"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "17"},
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == str(words(key_for(jax.random.key(3), "latent")))


def test_it_compiles():
    key = jax.random.key(3)
    compiled = jax.jit(lambda key: key_for(key, "latent"))(key)
    assert words(compiled) == words(key_for(key, "latent"))

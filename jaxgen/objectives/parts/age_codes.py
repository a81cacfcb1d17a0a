"""Codes of AGE's games: how they are drawn, projected and measured; see `objectives.age`.

`spec.hparams` has latent_size, latent_prior, divergence, kl_direction, kl_form and latent_match.
"""

from typing import Any

import jax.numpy as jnp

from jaxgen.core.errors import require_choice
from jaxgen.core.spec import Spec
from jaxgen.core.types import Array, Key, Metrics
from jaxgen.losses import moments as moments_lib
from jaxgen.losses import reconstruction

# Of images or chroma and their reconstructions, and of latents and the codes found again.
MATCH = {"l1": reconstruction.l1, "l2": reconstruction.l2, "cosine": reconstruction.cosine}


def check(hparams: Any) -> None:
    """Raises ValueError for numbers of codes that are none, or do not go together."""
    require_choice(
        hparams,
        latent_prior=("sphere", "normal"),
        divergence=("moments", "nearest_neighbour"),
        kl_direction=("qp", "pq"),
        kl_form=("published", "textbook"),
        latent_match=tuple(MATCH),
    )
    if hparams.divergence == "nearest_neighbour" and hparams.kl_direction == "pq":
        raise ValueError(
            'kl_direction="pq" needs divergence="moments"; an estimate by nearest neighbours '
            'exists for "qp" only.'
        )


def draw_code(spec: Spec, key: Key, num: int) -> Array:
    """`num` draws f32[num,M] from the prior."""
    return project(spec, spec.layout.normal(key, (num, spec.hparams.latent_size)))


def project(spec: Spec, codes: Array) -> Array:
    """Codes f32[b,M] of unit norm where the prior is the sphere; otherwise as they are."""
    on_sphere = spec.hparams.latent_prior == "sphere"
    return moments_lib.project_to_sphere(codes) if on_sphere else codes


def divergence(spec: Spec, codes: Array) -> Array:
    """Divergence of the global batch of codes f[b,M] to the prior: f[], nats a dimension."""
    hparams = spec.hparams
    if hparams.divergence == "nearest_neighbour":
        return moments_lib.nearest_neighbour_kl(spec.layout.gather(codes))
    mean, var = moments_lib.batch_moments(codes, mean=spec.layout.mean)
    return moments_lib.kl_to_standard_normal(
        mean, var, direction=hparams.kl_direction, form=hparams.kl_form
    )


def encoder_latent_term(spec: Spec, fake_codes: Array, z: Array) -> tuple[Array | float, Metrics]:
    """(`encoder_latent_weight` times the match of z f32[b,m] and its images' codes, metrics)."""
    hparams = spec.hparams
    if not hparams.encoder_latent_weight:
        return 0.0, {}
    match = MATCH[hparams.latent_match](fake_codes, z)
    return hparams.encoder_latent_weight * match, {"encoder/latent": match}


def cosine(z: Array, codes: Array) -> Array:
    """Mean cosine of the rows of f32[b,M], of which `reconstruction.cosine` is 2 - it / M."""
    return z.shape[-1] * (2.0 - reconstruction.cosine(z, codes))


def moments(name: str, spec: Spec, codes: Array) -> Metrics:
    """The means of codes' means and variances over the global batch, under `name`."""
    mean, var = moments_lib.batch_moments(codes, mean=spec.layout.mean)
    return {f"{name}/code_mean": jnp.mean(mean), f"{name}/code_var": jnp.mean(var)}

"""The published numbers of every config, each with where it is published.

Values are written as the papers and the authors' codes have them, in steps where those count epochs
of whole batches, and are never computed as a config computes them. "(memory)" follows sources of
which we had no text. What a config calls its own choice is not here.
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen import experiment
from jaxgen.config import load, optimisers
from jaxgen.core import Nets, UserError
from jaxgen.core.files import flatten
from jaxgen.objectives import (
    aae_semisupervised,
    aae_supervised,
    aegan,
    age,
    ali,
    catgan,
    cgan,
    colorization,
    cyclegan,
    ebgan,
    gan,
    infogan,
    lsgan,
    pixelgan_ae,
    temporal_ensembling,
    vae,
    vaegan,
    wgan,
    wgan_gp,
)

pytestmark = pytest.mark.core
ROOT = Path(__file__).parents[1]

AGE = "AGE's README and age.py"
YAML = "goodfeli/adversarial, mnist.yaml"
CGAN = "arXiv:1411.1784, section 4.1"
CGAN_SECONDARY = "arXiv:1411.1784, from secondary sources"
DCGAN = "arXiv:1511.06434, section 4"
TORCH = "soumith/dcgan.torch, main.lua"
FACES = "Newmu/dcgan_code, faces/train_uncond_dcgan.py"
COND = "Newmu/dcgan_code, mnist/train_cond_dcgan.py"
IMAGENET = "Newmu/dcgan_code, imagenet/load_pretrained.py"
LSGAN = "xudonmao/LSGAN, train_lsun.py and vgg.py"
LSGAN_PAPER = "arXiv:1611.04076, section 3"
EBGAN = "arXiv:1609.03126, appendix C (memory)"
WGAN = "arXiv:1701.07875, Algorithm 1"
WGAN_CODE = "martinarjovsky/WassersteinGAN, main.py"
GP = "arXiv:1704.00028, Algorithm 1"
GP_RESNET = "igul222/improved_wgan_training, gan_cifar_resnet.py"
GP_DCGAN = "igul222/improved_wgan_training, gan_cifar.py"
GP_TOY = "igul222/improved_wgan_training, gan_toy.py"
PACGAN = "arXiv:1712.04086, section 4"
PIXELVAE = "PixelVAE's README, arXiv:1611.05013"
PIXELCNN_PP = "openai/pixel-cnn, train.py"
PIXELGAN = "arXiv:1706.00531, appendix (memory)"
AAE = "arXiv:1511.05644, appendix A (memory)"
PIX2PIX = "arXiv:1611.07004, sections 3 and 6.1"
PIX2PIX_TORCH = "phillipi/pix2pix, models.lua and train.lua"
COLORS = "cameronfabbri/Colorizing-Images-Using-Adversarial-Networks, report and pix2pix.py"
CATGAN = "arXiv:1511.06390 (memory)"
TEMPENS = "s-laine/tempens, config.py and train.py"
INFOGAN = "openai/InfoGAN, run_mnist_exp.py and its modules"
AEGAN = "arXiv:2004.05472"
AEGAN_CODE = "ConorLazarou/AEGAN-keras, params_64.json and its builder"
AEGAN_28 = "ConorLazarou/AEGAN-keras, its history's 28 px configuration"
ALI = "arXiv:1606.00704, appendix A (memory)"
BIGAN = "arXiv:1605.09782, section 4 (memory)"
CYCLE = "arXiv:1703.10593, section 4"
CYCLE_CODE = "junyanz/pytorch-CycleGAN-and-pix2pix, options and models/cycle_gan_model.py"
REPLICATION = "1henrypage/adversarial-autoencoders"
VAE = "arXiv:1312.6114, sections 2 and 3"
VAE_EXAMPLE = "pytorch/examples, vae/main.py"
VAEGAN = "arXiv:1512.09300, algorithm 1"
VAEGAN_CODE = "andersbll/autoencoding_beyond_pixels, celeba_aegan.py, aegan.py and architectures.py"


def said(source, where, values):
    """{dotted key: (value, source)} of what a source says of each of the sections `where`."""
    sections = [f"{section}." for section in where.split()] or [""]
    return {f"{s}{key}": (value, source) for s in sections for key, value in values.items()}


def adam(source, where, learning_rate, b1, b2=0.999, **more):
    """eps is the default of the frameworks of all these codes."""
    numbers = {"name": "adam", "learning_rate": learning_rate, "b1": b1, "b2": b2, "eps": 1e-8}
    constant = {"weight_decay": 0.0, "schedule.name": "constant"}
    return said(source, where, {**numbers, **constant, **more})


def momentum(source, where, learning_rate, rate, **more):
    numbers = {"name": "momentum", "learning_rate": learning_rate, "momentum": rate}
    constant = {"final_momentum": rate, "weight_decay": 0.0, "schedule.name": "constant"}
    return said(source, where, {**numbers, **constant, **more})


def piecewise(*boundaries, scale=0.5):
    return {
        "schedule.name": "piecewise",
        "schedule.boundaries": boundaries,
        "schedule.scale": scale,
    }


def linear(begin, steps):
    return {
        "schedule.name": "linear",
        "schedule.transition_begin": begin,
        "schedule.transition_steps": steps,
        "schedule.end_value": 0.0,
    }


PLAYERS = "optim.generator optim.discriminator"
CRITIC = "optim.generator optim.critic"

AGE_WEIGHTS = {
    "objective": "age",
    "data.flip": False,
    "data.crop_padding": 0,
    "hparams.latent_prior": "sphere",
    "hparams.divergence": "moments",
    "hparams.kl_direction": "qp",
    "hparams.kl_form": "published",
    "hparams.image_match": "l1",
    "hparams.latent_match": "cosine",
    "hparams.encoder_updates": 1,
    "hparams.encoder_real_weight": 1.0,
    "hparams.encoder_fake_weight": 1.0,
    "hparams.encoder_latent_weight": 0.0,
    "hparams.generator_fake_weight": 1.0,
    "hparams.generator_image_weight": 0.0,
    "networks.encoder.features": 64,
    "networks.generator.features": 64,
}


def age_recipe(side, halvings, **values):
    networks = {
        "networks.encoder.module": f"age.Encoder{side}",
        "networks.generator.module": f"age.Generator{side}",
        "data.image_size": side,
    }
    rate = {"schedule.name": "constant"} if not halvings else piecewise(*halvings)
    given = {key.replace("__", "."): value for key, value in values.items()}
    players = "optim.encoder optim.generator"
    return {
        **said(AGE, "", {**AGE_WEIGHTS, **networks, **given}),
        **adam(AGE, players, 2e-4, 0.5, **rate),
    }


CIFAR_AGE = dict(
    num_steps=117_150,
    data__batch_size=64,
    hparams__latent_size=128,
    hparams__generator_updates=2,
    hparams__image_weight=10.0,
    hparams__latent_weight=1000.0,
)
CIFAR_HALVINGS = (30_459, 61_699, 92_939)  # epochs 39, 79 and 119 of 781 batches
CELEBA_AGE = dict(
    data__resize="celeba",
    hparams__latent_size=64,
    hparams__generator_updates=3,
    hparams__latent_weight=1000.0,
)

# Both players of both papers of 2014.
SGD_2014 = {
    "name": "momentum",
    "momentum": 0.5,
    "final_momentum": 0.7,
    "weight_decay": 0.0,
    "schedule.name": "exponential",
}

DCGAN_GAME = {
    "objective": "gan",
    "hparams.latent_prior": "uniform",
    "hparams.latent_size": 100,
    "hparams.form": "non_saturating",
    "hparams.order": "alternating",
    "hparams.discriminator_updates": 1,
    "hparams.generator_updates": 1,
    "hparams.real_label": 1.0,
    "data.batch_size": 128,
    "data.flip": False,
    "networks.generator.batch_norm": True,
    "networks.discriminator.batch_norm": True,
}
FOUR = {"module": None, "features": 64, "kernel_size": 4, "init_scheme": "normal"}
FIVE = {"module": None, "features": 128, "kernel_size": 5, "init_scheme": "normal"}


def dcgan_pair(source, numbers, other="discriminator"):
    return {
        **said(source, "networks.generator", {**numbers, "module": "dcgan.Generator"}),
        **said(source, "networks.generator", {"output_bias": False}),
        **said(source, f"networks.{other}", {**numbers, "module": "dcgan.Discriminator"}),
    }


DCGAN_TORCH = {
    **said(DCGAN, "", DCGAN_GAME),
    **adam(DCGAN, PLAYERS, 2e-4, 0.5),
    **dcgan_pair(TORCH, FOUR),
}
DCGAN_NEWMU = {
    **said(DCGAN, "", DCGAN_GAME),
    **adam(FACES, PLAYERS, 2e-4, 0.5, weight_decay=1e-5),
    **dcgan_pair(FACES, FIVE),
}
LSGAN_GAME = {
    "objective": "lsgan",
    "hparams.latent_prior": "uniform",
    "hparams.latent_size": 1024,
    "hparams.discriminator_updates": 1,
    "hparams.generator_updates": 1,
    "data.batch_size": 64,
    "networks.generator.module": "lsgan.Generator",
    "networks.discriminator.module": "lsgan.Discriminator",
    "networks.generator.features": 64,
    "networks.discriminator.features": 64,
    "networks.generator.batch_norm": True,
    "networks.discriminator.batch_norm": True,
}
LEAST_SQUARES = said(LSGAN_PAPER, "hparams", {"a": 0.0, "b": 1.0, "c": 1.0})
CHI_SQUARE = said(LSGAN_PAPER, "hparams", {"a": -1.0, "b": 1.0, "c": 0.0})
LSGAN_CHURCHES = {
    **said(LSGAN, "", {**LSGAN_GAME, "num_steps": 1_000_000, "data.resize": "bilinear"}),
    **adam(LSGAN, PLAYERS, 1e-3, 0.5),
}
EBGAN_CELEBA = {
    **said(
        EBGAN,
        "",
        {
            "objective": "ebgan",
            "hparams.margin": 20.0,
            "hparams.pulling_away_weight": 0.1,
            "hparams.latent_size": 100,
            "hparams.discriminator_updates": 1,
            "hparams.generator_updates": 1,
            "data.image_size": 64,
            "networks.generator.module": "dcgan.Generator",
            "networks.generator.features": 128,
            "networks.generator.kernel_size": 4,
            "networks.generator.batch_norm": True,
            "networks.generator.init_scheme": "normal",
            "networks.discriminator.module": "ebgan.Discriminator",
            "networks.discriminator.features": 64,
            "networks.discriminator.depth": 3,
        },
    ),
    **adam(EBGAN, PLAYERS, 1e-3, 0.5),
}
RMSPROP = {
    "name": "rmsprop",
    "learning_rate": 5e-5,
    "decay": 0.99,
    "eps": 1e-8,
    "eps_in_sqrt": False,
    "weight_decay": 0.0,
    "schedule.name": "constant",
}
WGAN_GAME = {
    "objective": "wgan",
    "hparams.clip": 0.01,
    "hparams.clip_order": "after",
    "hparams.critic_updates": 5,
    "hparams.generator_updates": 1,
    "hparams.long_updates": 0,
    "data.batch_size": 64,
}
WGAN_CODES = {
    "hparams.latent_prior": "normal",
    "hparams.latent_size": 100,
    "networks.generator.batch_norm": True,
    "networks.critic.batch_norm": True,
    "data.image_size": 64,
}
WGAN_RECIPE = {
    **said(WGAN, "", WGAN_GAME),
    **said(WGAN_CODE, "", WGAN_CODES),
    **said(WGAN_CODE, CRITIC, RMSPROP),
    **dcgan_pair(WGAN_CODE, FOUR, "critic"),
}
LONG = said(WGAN_CODE, "hparams", {"long_updates": 100})
GP_GAME = {
    "objective": "wgan_gp",
    "hparams.penalty_weight": 10.0,
    "hparams.critic_updates": 5,
    "hparams.generator_updates": 1,
    "hparams.latent_prior": "normal",
}
GP_CIFAR = {
    "hparams.latent_size": 128,
    "data.batch_size": 64,
    "networks.generator.features": 128,
    "networks.critic.features": 128,
}
GP_COMPARED = {
    **said(GP, "", GP_GAME),
    **adam(GP, CRITIC, 1e-4, 0.0, 0.9),
}
CATGAN_GAME = {
    "objective": "catgan",
    "data.batch_size": 100,
    "hparams.latent_size": 128,
    "hparams.latent_prior": "uniform",
    "hparams.discriminator_updates": 1,
    "hparams.generator_updates": 1,
}
TEMPENS_SVHN = {
    "objective": "temporal_ensembling",
    "num_steps": 219_600,  # 300 epochs of 732 batches
    "data.batch_size": 100,
    "data.image_size": 32,
    "data.validation": 0,
    "data.flip": False,
    "data.crop_padding": 0,
    "hparams.num_images": 73_257,
    "hparams.ramp_steps": 58_560,
    "hparams.decay": 0.6,
    "hparams.translation": 2,
    "hparams.flip": False,
    "networks.classifier.features": 128,
    "networks.classifier.depth": 2,
    "networks.classifier.noise": 0.15,
    "networks.classifier.dropout": 0.5,
    "networks.classifier.momentum": 0.999,
    "networks.classifier.standardise": True,
}


def tempens(labels, form, weight, rate):
    own = {"form": form, "consistency_weight": weight}
    optimiser = {"name": "adam", "learning_rate": rate, "b1": 0.9, "b2": 0.999, "eps": 1e-8}
    return {
        **said(TEMPENS, "", {**TEMPENS_SVHN, "data.labelled": labels}),
        **said(TEMPENS, "hparams", own),
        **said(TEMPENS, "optim.classifier", optimiser),
    }


INFOGAN_MNIST = {
    "objective": "infogan",
    "num_steps": 5_000,
    "data.batch_size": 128,
    "data.image_size": 28,
    "hparams.num_classes": 10,
    "hparams.continuous_size": 2,
    "hparams.noise_size": 62,
    "hparams.info_weight": 1.0,
    "hparams.continuous_weight": 1.0,
    "hparams.information": "both",
    "networks.generator.output_activation": "sigmoid",
}
GAN_COMPARED = said(DCGAN, PLAYERS, {"name": "adam", "b1": 0.5, "learning_rate": 2e-4})

PIXELGAN_MNIST = {
    "objective": "pixelgan_ae",
    "data.image_size": 28,
    "data.validation": 10_000,
    "hparams.output": "bernoulli",
    "networks.decoder.features": 32,
    "networks.decoder.kernel_size": 5,
}
CATEGORICAL = {
    "hparams.code_prior": "categorical",
    "hparams.posterior": "implicit",
    "hparams.input_noise": "dropout",
    "hparams.input_noise_level": 0.2,  # the input is kept with probability 0.8
    "networks.decoder.conditioning": "invariant",
    "networks.decoder.depth": 16,  # 15 blocks after the first layer
    "networks.encoder.module": "autoencoder.ConvEncoder",
    "networks.encoder.kernel_size": 5,
    "networks.encoder.features": 32,
    "networks.encoder.batch_norm": True,
    "networks.encoder.output_norm": True,
    "networks.discriminator.depth": 2,
}
GAME_OF_CODES = "optim.discriminator optim.encoder.adversarial"
RECONSTRUCTION = "optim.decoder optim.encoder.reconstruction"
CLUSTERS = {
    "hparams.code_size": 30,
    "networks.encoder.depth": 2,
    "networks.encoder.hidden_features": 3000,
    "networks.encoder.output_size": 30,
    "networks.discriminator.features": 3000,
}
THREE_CLASSES = {
    **{key: value for key, value in CLUSTERS.items() if "size" not in key},
    "data.keep_classes": "0,1,2",
    "data.validation": 3_000,
    "hparams.code_size": 3,
}
PIXELGAN_CLUSTERING = {
    **said(PIXELGAN, "", {**PIXELGAN_MNIST, **CATEGORICAL}),
    **adam(PIXELGAN, RECONSTRUCTION, 1e-3, 0.9),
    **momentum(PIXELGAN, GAME_OF_CODES, 0.01, 0.1),
}


def pixelgan_labelled(labels, num_steps):
    values = {
        "data.labelled": labels,
        "num_steps": num_steps,
        "hparams.code_size": 10,
        "networks.encoder.depth": 3,
        "networks.encoder.hidden_features": 0,
        "networks.discriminator.features": 1000,
    }
    return {
        **said(PIXELGAN, "", {**PIXELGAN_MNIST, **CATEGORICAL, **values}),
        **adam(PIXELGAN, f"{RECONSTRUCTION} optim.encoder.supervised", 1e-3, 0.9),
        **momentum(PIXELGAN, GAME_OF_CODES, 0.1, 0.1),
    }


PIXELGAN_REAL = {
    "hparams.code_prior": "gaussian",
    "hparams.code_size": 2,
    "hparams.prior_scale": 5.0,
    "hparams.posterior": "deterministic",
    "networks.encoder.module": "autoencoder.MLPEncoder",
    "networks.encoder.features": 2000,
    "networks.encoder.depth": 2,
    "networks.discriminator.features": 2000,
    "networks.discriminator.depth": 2,
    "networks.decoder.conditioning": "dependent",
    "networks.decoder.map_features": 1000,
}
PIXELGAN_GAUSSIAN = {
    **said(PIXELGAN, "", {**PIXELGAN_MNIST, **PIXELGAN_REAL, "networks.decoder.depth": 4}),
    **momentum(PIXELGAN, RECONSTRUCTION, 1e-3, 0.9, **piecewise(12_500, scale=0.1)),
    **momentum(PIXELGAN, GAME_OF_CODES, 0.1, 0.1),
    **said(AAE, "networks.encoder", {"init_std": 0.01}),
    **said(AAE, "networks.discriminator", {"init_std": 0.01}),
}
PIXELGAN_COLOR = {
    "objective": "pixelgan_ae",
    "hparams.code_prior": "categorical",
    "hparams.posterior": "implicit",
    "networks.decoder.conditioning": "invariant",
    "networks.decoder.features": 32,
}
SVHN = {
    "data.image_size": 16,
    "data.validation": 10_000,
    "hparams.code_size": 10,
    "networks.decoder.depth": 20,
    "networks.discriminator.features": 1000,
    "networks.discriminator.depth": 2,
}
NORB = {
    "data.image_size": 32,
    "data.validation": 4_000,
    "data.labelled": 1000,
    "hparams.code_size": 5,
}

AAE_TENTHS = piecewise(25_000, 500_000, scale=0.1)  # epochs 50 and 1000 of 500 batches


def aae_recipe(discriminators="discriminator", **values):
    given = {key.replace("__", "."): value for key, value in values.items()}
    networks = " ".join(f"networks.{n}" for n in ("encoder", "decoder", *discriminators.split()))
    players = " ".join(f"optim.{n}" for n in discriminators.split())
    widths = {"features": 1000, "depth": 2, "init_std": 0.01}
    shared = {"data.batch_size": 100, "data.validation": 10_000, "hparams.reduction": "sum"}
    phases = f"{players} optim.encoder.adversarial"
    return {
        **said(AAE, "", {**shared, "hparams.likelihood": "bernoulli", **given}),
        **said(AAE, networks, widths),
        **momentum(AAE, RECONSTRUCTION, 0.01, 0.9, **AAE_TENTHS),
        **momentum(AAE, phases, 0.1, 0.1, **AAE_TENTHS),
    }


PIX2PIX_GAME = {
    **said(
        PIX2PIX,
        "",
        {
            "objective": "colorization",
            "hparams.adversarial": "gan",
            "hparams.adversarial_weight": 1.0,
            "hparams.l1_weight": 100.0,
            "hparams.l2_weight": 0.0,
            "hparams.discriminator_updates": 1,
            "hparams.generator_updates": 1,
            "hparams.latent_size": 0,
            "data.flip": True,
            "networks.generator.dropout_rate": 0.5,
        },
    ),
    **adam(PIX2PIX, PLAYERS, 2e-4, 0.5),
    **said(
        PIX2PIX_TORCH,
        "",
        {
            "networks.generator.module": "unet.Generator",
            "networks.generator.features": 64,
            "networks.discriminator.module": "patch_discriminator.Discriminator",
            "networks.discriminator.features": 64,
            "networks.discriminator.batch_norm": True,
        },
    ),
}
SEVENTY = said(PIX2PIX, "", {"networks.discriminator.receptive_field": 70})
COLORS_AUTHOR = said(
    COLORS,
    "",
    {
        "data.batch_size": 4,
        "data.flip": True,
        "hparams.halved": False,
        "hparams.l1_weight": 100.0,
        "networks.generator.module": "unet.ResizeGenerator",
        "networks.generator.upsampling": "nearest",
        "networks.generator.dropout_at_evaluation": True,
        "networks.generator.features": 64,
        "networks.discriminator.receptive_field": 70,
    },
)
COLORIZERS = {
    "configs/colorization_places.py": {
        **PIX2PIX_GAME,
        **SEVENTY,
        **said(PIX2PIX, "", {"data.image_size": 256, "data.load_size": 286, "data.batch_size": 4}),
    },
    "configs/colorization_places.py:author": {
        **COLORS_AUTHOR,
        **said(COLORS, "", {"data.image_size": 256, "data.load_size": 276}),
        **adam(COLORS, PLAYERS, 1e-4, 0.9),
    },
    "configs/colorization_places.py:wgan,author": {
        **COLORS_AUTHOR,
        **said(COLORS, PLAYERS, {"name": "rmsprop", "learning_rate": 5e-5, "decay": 0.9}),
        **said(COLORS, "", {"hparams.clip": 0.005, "hparams.discriminator_updates": 5}),
    },
    "configs/colorization_places.py:wgan_gp,author": {
        **COLORS_AUTHOR,
        **adam(COLORS, PLAYERS, 1e-4, 0.0, 0.9),
        **said(COLORS, "", {"hparams.penalty_weight": 10.0, "hparams.discriminator_updates": 5}),
    },
    "configs/colorization_places.py:ebgan,author": {
        **{k: v for k, v in COLORS_AUTHOR.items() if "receptive_field" not in k},
        **adam(COLORS, PLAYERS, 1e-3, 0.9),
    },
    "configs/colorization_celeba.py": {**PIX2PIX_GAME, **SEVENTY},
    "configs/colorization_celeba.py:lsgan,author": {
        **COLORS_AUTHOR,
        **adam(COLORS, PLAYERS, 1e-4, 0.9),
    },
    "configs/colorization_folder.py": {**PIX2PIX_GAME, **SEVENTY},
    "configs/colorization_folder.py:wgan": {
        **said(WGAN, "", {"hparams.clip": 0.01, "hparams.discriminator_updates": 5}),
        **said(WGAN, "optim.discriminator", {"name": "rmsprop", "learning_rate": 5e-5}),
    },
    "configs/colorization_folder.py:wgan_gp": {
        **said(GP, "", {"hparams.penalty_weight": 10.0, "hparams.discriminator_updates": 5}),
        **adam(GP, "optim.discriminator", 1e-4, 0.0, 0.9),
    },
    "configs/colorization_cifar10.py": PIX2PIX_GAME,
}
PAIR, JUDGES = "generator encoder", "image_discriminator latent_discriminator"


def keras_adam(source, networks, learning_rate, b1):
    where = " ".join(f"optim.{name}" for name in networks.split())
    clipped = {"eps": 1e-7, "clip_parameter_norm": 1.0, "clip_norm": 0.0}
    return adam(source, where, learning_rate, b1, **clipped)


AEGAN_64 = {
    **said(
        AEGAN,
        "",
        {
            "objective": "aegan",
            "data.batch_size": 16,
            "data.image_size": 64,
            "data.flip": True,
            "hparams.latent_size": 32,
            "num_steps": 75_000,  # of four of its 300,000 steps
        },
    ),
    **keras_adam(AEGAN_CODE, PAIR, 2e-4, 0.5),
    **keras_adam(AEGAN_CODE, JUDGES, 5e-4, 0.5),
}
# In its blocks of two the code counts two steps, an autoencoder's is one.
AEGANS = {
    "configs/aegan_anime.py": AEGAN_64,
    "configs/aegan_celeba.py": AEGAN_64,
    "configs/aegan_anime.py:egan": {**AEGAN_64, **said(AEGAN, "", {"hparams.model": "egan"})},
    "configs/aegan_anime.py:gan": {**AEGAN_64, **said(AEGAN, "", {"num_steps": 150_000})},
    "configs/aegan_anime.py:aae": {**AEGAN_64, **said(AEGAN, "", {"num_steps": 150_000})},
    "configs/aegan_anime.py:ae": {
        **AEGAN_64,
        **said(AEGAN, "", {"num_steps": 300_000}),
        **said(AEGAN_CODE, "", {"hparams.image_weight": 1.0}),
        **keras_adam(AEGAN_CODE, PAIR, 1e-3, 0.9),
    },
    "configs/aegan_mnist.py": {
        **said(AEGAN_28, "hparams", {"image_weight": 5.0, "latent_weight": 5.0}),
        **said(AEGAN_CODE, "", {"hparams.latent_size": 16, "data.batch_size": 32}),
        **said(
            AEGAN_28,
            " ".join(f"networks.{name}" for name in JUDGES.split()),
            {"slope": 0.0},
        ),
        **keras_adam(AEGAN_28, PAIR, 2e-4, 0.5),
        **keras_adam(AEGAN_28, JUDGES, 1e-3, 0.5),
    },
}
VAE_MNIST = {
    **said(
        VAE_EXAMPLE,
        "",
        {
            "objective": "vae",
            "data.name": "tfds:mnist",
            "data.batch_size": 128,
            "hparams.latent_size": 20,
            "hparams.likelihood": "bernoulli",
            "networks.encoder.output_size": 40,
        },
    ),
    **said(VAE_EXAMPLE, "networks.encoder networks.decoder", {"features": 400, "depth": 1}),
    **said(VAE, "", {"hparams.kl_weight": 1.0}),
    **adam(VAE_EXAMPLE, "optim.encoder optim.decoder", 1e-3, 0.9),
}
VAEGAN_CELEBA = {
    **said(
        VAEGAN,
        "",
        {
            "objective": "vaegan",
            "hparams.order": "simultaneous",
            "hparams.adversarial_form": "minimax",
            "hparams.real_weight": 1.0,
            "hparams.reconstructed_weight": 1.0,
            "hparams.feature_scale": 1.0,
        },
    ),
    **said(
        VAEGAN_CODE,
        "",
        {
            "num_steps": 62_500,  # 250 epochs of 250 batches
            "data.batch_size": 64,
            "data.image_size": 64,
            "hparams.latent_size": 128,
            "hparams.feature_weight": 1e-6,
            "hparams.equilibrium": 0.68,
            "hparams.margin": 0.35,
            "networks.encoder.features": 64,
            "networks.encoder.multiples": (1, 2, 4),
            "networks.encoder.hidden_features": 1024,
            "networks.encoder.output_size": 256,
            "networks.generator.features": 32,
            "networks.generator.multiples": (8, 8, 4, 1),
            "networks.discriminator.features": 32,
            "networks.discriminator.multiples": (4, 8, 8),
            "networks.discriminator.hidden_features": 512,
        },
    ),
    **said(
        VAEGAN_CODE,
        "optim.encoder optim.generator optim.discriminator",
        {
            "name": "rmsprop",
            "learning_rate": 0.025 / 64,
            "decay": 0.9,
            "eps": 1e-8,
            "eps_in_sqrt": False,
            "weight_decay": 1e-5 / 64,
        },
    ),
}
RECIPES = {
    "configs/vae_mnist.py": VAE_MNIST,
    "configs/vaegan_celeba.py": VAEGAN_CELEBA,
    "configs/vaegan_celeba.py:code": {
        **VAEGAN_CELEBA,
        **said(VAEGAN_CODE, "hparams", {"reconstructed_weight": 0.0}),
    },
    **COLORIZERS,
    **AEGANS,
    "configs/age_cifar10.py": age_recipe(32, CIFAR_HALVINGS, **CIFAR_AGE),
    "configs/age_cifar10.py:no_reconstruction": age_recipe(
        32,
        CIFAR_HALVINGS,
        **CIFAR_AGE | {"hparams__image_weight": 0.0, "hparams__latent_weight": 0.0},
    ),
    "configs/age_cifar10.py:latent_only": age_recipe(
        32, CIFAR_HALVINGS, **CIFAR_AGE | {"hparams__image_weight": 0.0}
    ),
    "configs/age_cifar10.py:generator_image": age_recipe(
        32, CIFAR_HALVINGS, **CIFAR_AGE | {"hparams__generator_image_weight": 10.0}
    ),
    "configs/age_celeba.py": age_recipe(
        64,
        (10_172,),  # epoch 4 of 2543 batches
        num_steps=12_715,
        data__batch_size=64,
        hparams__image_weight=10.0,
        **CELEBA_AGE,
    ),
    "configs/age_celeba.py:finetune": age_recipe(
        64,
        (),
        num_steps=635,
        data__batch_size=256,
        hparams__image_weight=15.0,
        **CELEBA_AGE,
    ),
    "configs/age_tiny_imagenet.py": age_recipe(
        32,
        (3_124, 7_810),  # epochs 2 and 5 of 1562 batches
        **CIFAR_AGE | {"num_steps": 9_372, "hparams__latent_weight": 2000.0},
    ),
    "configs/age_mnist.py": age_recipe(
        32,
        (3_748, 8_433, 13_118, 17_803, 22_488),  # every 5th epoch, from 4 on, of 937 batches
        **CIFAR_AGE | {"num_steps": 23_425, "hparams__latent_size": 32},
    ),
    "configs/age_svhn.py": age_recipe(
        32,
        (4_576, 10_296, 16_016, 21_736, 27_456),  # of 1144 batches
        **CIFAR_AGE | {"num_steps": 28_600, "hparams__latent_size": 64},
    ),
    "configs/age_folder.py": said(
        AGE,
        "hparams",
        {
            "latent_size": 64,
            "generator_updates": 3,
            "image_weight": 10.0,
            "latent_weight": 1000.0,
        },
    ),
    "configs/gan_mnist.py": {
        **said(
            YAML,
            "",
            {
                "objective": "gan",
                "num_steps": 125_000,
                "data.name": "tfds:mnist",
                "data.batch_size": 100,
                "data.validation": 10_000,
                "hparams.latent_size": 100,
                "hparams.latent_prior": "uniform_unit",
                "hparams.form": "non_saturating",
                "hparams.order": "simultaneous",
                "hparams.discriminator_updates": 1,
                "hparams.generator_updates": 1,
                "hparams.real_label": 1.0,
                "networks.generator.module": "mlp.Generator",
                "networks.generator.features": 1200,
                "networks.generator.depth": 2,
                "networks.generator.activation": "relu",
                "networks.generator.batch_norm": False,
                "networks.generator.output_activation": "sigmoid",
                "networks.generator.init_range": 0.05,
                "networks.discriminator.module": "mlp.MaxoutDiscriminator",
                "networks.discriminator.features": 240,
                "networks.discriminator.depth": 2,
                "networks.discriminator.pieces": 5,
                "networks.discriminator.input_dropout": 0.2,
                "networks.discriminator.hidden_dropout": 0.5,
                "networks.discriminator.init_range": 0.005,
            },
        ),
        **said(YAML, PLAYERS, {**SGD_2014, "ramp_steps": 125_000}),
        **said(YAML, "optim.generator", {"learning_rate": 0.1, "schedule.end_value": 1e-6}),
        # Of a loss that is twice the published one.
        **said(YAML, "optim.discriminator", {"learning_rate": 0.05, "schedule.end_value": 5e-7}),
    },
    "configs/cgan_mnist.py": {
        **said(CGAN, "hparams", {"latent_size": 100, "latent_prior": "unit_hypercube"}),
        **said(
            CGAN_SECONDARY,
            "",
            {
                "objective": "cgan",
                "num_steps": 125_000,
                "data.batch_size": 100,
                "data.validation": 10_000,
                "hparams.num_classes": 10,
                "hparams.form": "non_saturating",
                "networks.generator.module": "mlp.ConditionalGenerator",
                "networks.generator.latent_features": 200,
                "networks.generator.label_features": 1000,
                "networks.generator.features": 1200,
                "networks.generator.dropout": 0.5,
                "networks.generator.output_activation": "sigmoid",
                "networks.discriminator.module": "mlp.ConditionalDiscriminator",
                "networks.discriminator.features": 240,
                "networks.discriminator.label_features": 50,
                "networks.discriminator.pieces": 5,
                "networks.discriminator.joint_pieces": 4,
                "networks.discriminator.dropout": 0.5,
                "networks.discriminator.unit_pixels": True,
            },
        ),
        **said(
            CGAN_SECONDARY,
            PLAYERS,
            {
                **SGD_2014,
                "learning_rate": 0.1,
                "schedule.end_value": 1e-6,
                "ramp_steps": 125_000,
            },
        ),
    },
    "configs/catgan_mnist.py": {
        **said(CATGAN, "", CATGAN_GAME),
        **said(CATGAN, "hparams", {"num_classes": 20, "label_weight": 0.0}),
    },
    "configs/catgan_mnist.py:semisupervised": {
        **said(CATGAN, "", CATGAN_GAME),
        **said(CATGAN, "", {"hparams.num_classes": 10, "data.labelled": 100}),
    },
    "configs/temporal_ensembling_svhn.py": tempens(1000, "temporal", 30.0, 1e-3),
    "configs/temporal_ensembling_svhn.py:500": tempens(500, "temporal", 30.0, 1e-3),
    "configs/temporal_ensembling_svhn.py:pi,500": tempens(500, "pi", 100.0, 3e-3),
    "configs/infogan_mnist.py": {
        **said(INFOGAN, "", INFOGAN_MNIST),
        **said(INFOGAN, "networks.generator networks.discriminator", {"features": 64}),
        **said(INFOGAN, "networks.discriminator networks.recogniser", {"slope": 0.01}),
        **said(INFOGAN, "networks.recogniser", {"features": 128, "output_size": 12}),
        **adam(INFOGAN, "optim.generator", 1e-3, 0.5),
        **adam(INFOGAN, "optim.discriminator optim.recogniser", 2e-4, 0.5),
    },
    # Its networks are those of an unconditional GAN, and so are its numbers.
    "configs/cgan_folder.py": {
        **said(CGAN, "", {"objective": "cgan", "hparams.form": "non_saturating"}),
        **said(DCGAN, "", {"hparams.latent_prior": "uniform", "data.batch_size": 128}),
        **adam(DCGAN, PLAYERS, 2e-4, 0.5),
        **dcgan_pair(TORCH, FOUR),
    },
    "configs/cgan_mnist.py:dcgan": {
        **said(
            COND,
            "",
            {
                "objective": "cgan",
                "num_steps": 39_000,
                "data.batch_size": 128,
                "data.validation": 10_000,
                "hparams.latent_size": 100,
                "hparams.latent_prior": "uniform",
                "hparams.num_classes": 10,
                "hparams.discriminator_updates": 1,
                "hparams.generator_updates": 1,
                "networks.generator.module": "dcgan.ConditionalGenerator",
                "networks.generator.features": 64,
                "networks.generator.output_activation": "sigmoid",
                "networks.discriminator.module": "dcgan.ConditionalDiscriminator",
                "networks.discriminator.features": 64,
                "networks.discriminator.unit_pixels": True,
            },
        ),
        **adam(COND, PLAYERS, 2e-4, 0.5, weight_decay=2.5e-5, **linear(19_500, 19_500)),
    },
    "configs/dcgan_celeba.py": {
        **DCGAN_TORCH,
        **said(TORCH, "", {"num_steps": 31_775, "data.image_size": 64}),
    },
    # A player's updates: half of the minibatches, which update one player each.
    "configs/dcgan_celeba.py:paper": {
        **DCGAN_NEWMU,
        **said(FACES, "", {"num_steps": 15_887, "data.image_size": 64}),
    },
    "configs/dcgan_folder.py": {**DCGAN_TORCH, **said(TORCH, "data", {"image_size": 64})},
    "configs/dcgan_lsun.py": {
        **DCGAN_NEWMU,
        **said(DCGAN, "", {"num_steps": 59_237, "data.image_size": 64}),
        **said(DCGAN, "data", {"resize": "center_crop"}),
    },
    "configs/dcgan_cifar10.py": DCGAN_TORCH,
    "configs/dcgan_cifar10.py:features": {
        **said(DCGAN, "", {**DCGAN_GAME, "hparams.latent_size": 256, "data.image_size": 32}),
        **adam(DCGAN, PLAYERS, 2e-4, 0.5),
        **said(IMAGENET, "networks.generator", {"module": "dcgan.FeatureGenerator"}),
        **said(IMAGENET, "networks.discriminator", {"module": "dcgan.FeatureDiscriminator"}),
        **said(IMAGENET, "networks.generator networks.discriminator", {"features": 128}),
    },
    "configs/dcgan_mnist.py": DCGAN_TORCH,
    "configs/lsgan_lsun.py": {
        **LSGAN_CHURCHES,
        **LEAST_SQUARES,
        **said(LSGAN, "data", {"image_size": 112}),
    },
    "configs/lsgan_lsun.py:64,chi_square": {
        **LSGAN_CHURCHES,
        **CHI_SQUARE,
        **said(LSGAN_PAPER, "data", {"image_size": 64}),
    },
    "configs/lsgan_folder.py": {
        **said(LSGAN, "", LSGAN_GAME),
        **LEAST_SQUARES,
        **adam(LSGAN_PAPER, PLAYERS, 2e-4, 0.5),
    },
    "configs/lsgan_folder.py:chi_square": {**said(LSGAN, "", LSGAN_GAME), **CHI_SQUARE},
    "configs/ebgan_celeba.py": EBGAN_CELEBA,
    "configs/ebgan_folder.py": EBGAN_CELEBA,
    "configs/wgan_celeba.py": WGAN_RECIPE,
    "configs/wgan_celeba.py:long": {**WGAN_RECIPE, **LONG},
    "configs/wgan_folder.py": WGAN_RECIPE,
    "configs/wgan_folder.py:long": {**WGAN_RECIPE, **LONG},
    "configs/wgan_lsun.py": {
        **WGAN_RECIPE,
        **said(WGAN_CODE, "data", {"resize": "center_crop"}),
    },
    "configs/wgan_lsun.py:long": {**WGAN_RECIPE, **LONG},
    "configs/wgan_gp_cifar10.py": {
        **said(GP, "", GP_GAME),
        **said(GP_RESNET, "", {**GP_CIFAR, "num_steps": 100_000}),
        **said(GP_RESNET, "networks.generator", {"module": "resnet.Generator"}),
        **said(GP_RESNET, "networks.critic", {"module": "resnet.Discriminator"}),
        **adam(GP_RESNET, CRITIC, 2e-4, 0.0, 0.9, **linear(0, 100_000)),
    },
    "configs/wgan_gp_cifar10.py:dcgan": {
        **said(GP, "", GP_GAME),
        **dcgan_pair(GP_DCGAN, FIVE, "critic"),
        **said(GP_DCGAN, "", {**GP_CIFAR, "num_steps": 200_000}),
        **said(GP_DCGAN, "networks.generator networks.critic", {"init_scheme": "he"}),
        **said(GP_DCGAN, "networks.generator", {"output_bias": True, "batch_norm": True}),
        **said(GP_DCGAN, "networks.critic", {"batch_norm": False}),
        **adam(GP_DCGAN, CRITIC, 1e-4, 0.5, 0.9),
    },
    "configs/wgan_gp_folder.py": {
        **GP_COMPARED,
        **said(GP, "networks.critic", {"batch_norm": False}),
    },
    "configs/gans_digits.py": {
        **said(DCGAN, "hparams", {"form": "non_saturating", "order": "alternating"}),
        **GAN_COMPARED,
    },
    "configs/gans_digits.py:cgan": GAN_COMPARED,
    "configs/gans_digits.py:lsgan": {**GAN_COMPARED, **LEAST_SQUARES},
    "configs/gans_digits.py:ebgan": said(EBGAN, "hparams", {"pulling_away_weight": 0.1}),
    "configs/gans_digits.py:wgan": {
        **said(WGAN, "", WGAN_GAME),
        **said(WGAN_CODE, CRITIC, RMSPROP),
    },
    "configs/gans_digits.py:wgan_gp": {
        **GP_COMPARED,
        **said(GP, "networks.critic", {"batch_norm": False}),
    },
    "configs/gans_ring.py:wgan_gp": {
        **GP_COMPARED,
        **said(
            GP_TOY,
            "",
            {
                "hparams.penalty_weight": 0.1,
                "hparams.latent_size": 2,
                "data.batch_size": 256,
                "networks.generator.depth": 3,
                "networks.critic.depth": 3,
                "networks.generator.activation": "relu",
                "networks.critic.activation": "relu",
                "networks.generator.init_range": 0.0,
            },
        ),
        **said(PACGAN, "evaluation", {"num_images": 2500}),
    },
    "configs/gans_grid.py:wgan_gp": {
        **GP_COMPARED,
        **said(GP_TOY, "hparams", {"penalty_weight": 0.1}),
        **said(PACGAN, "evaluation", {"num_images": 2500}),
    },
    "configs/gans_stacked.py": {
        **said(PACGAN, "evaluation", {"num_images": 26_000}),
        **said(PACGAN, "hparams", {"latent_size": 100}),
        **GAN_COMPARED,
    },
    "configs/pixelcnn_mnist.py": said(
        PIXELVAE,
        "networks.decoder",
        {"first_kernel_size": 7, "kernel_size": 5, "depth": 13, "features": 32},
    ),
    "configs/pixelcnn_cifar10.py:mixture": {
        **said(PIXELCNN_PP, "hparams", {"output": "logistic_mixture"}),
        **said(PIXELCNN_PP, "networks.decoder", {"mixtures": 10}),
        **said(PIXELCNN_PP, "ema", {"decoder": 0.9995}),
    },
    "configs/pixelgan_ae_mnist_gaussian.py": PIXELGAN_GAUSSIAN,
    "configs/pixelgan_ae_mnist_gaussian.py:deep": {
        **PIXELGAN_GAUSSIAN,
        **said(PIXELGAN, "networks.decoder", {"depth": 16}),
    },
    "configs/pixelgan_ae_mnist_gaussian.py:invariant,gaussian_posterior": {
        **PIXELGAN_GAUSSIAN,
        **said(PIXELGAN, "networks.decoder", {"conditioning": "invariant"}),
        **said(PIXELGAN, "hparams", {"posterior": "gaussian"}),
    },
    "configs/pixelgan_ae_mnist_clustering.py": {
        **PIXELGAN_CLUSTERING,
        **said(PIXELGAN, "", CLUSTERS),
    },
    "configs/pixelgan_ae_mnist_012.py": {
        **PIXELGAN_CLUSTERING,
        **said(PIXELGAN, "", THREE_CLASSES),
    },
    "configs/pixelgan_ae_mnist_semisupervised.py": pixelgan_labelled(100, 250_000),
    "configs/pixelgan_ae_mnist_semisupervised.py:50": pixelgan_labelled(50, 250_000),
    "configs/pixelgan_ae_mnist_semisupervised.py:20": pixelgan_labelled(20, 375_000),
    "configs/pixelgan_ae_svhn.py": said(
        PIXELGAN, "", {**PIXELGAN_COLOR, **SVHN, "data.labelled": 1000}
    ),
    "configs/pixelgan_ae_svhn.py:500": said(
        PIXELGAN, "", {**PIXELGAN_COLOR, **SVHN, "data.labelled": 500}
    ),
    "configs/pixelgan_ae_norb.py": said(PIXELGAN, "", {**PIXELGAN_COLOR, **NORB}),
    "configs/aae_mnist.py": aae_recipe(
        objective="aae",
        hparams__code_prior="gaussian",
        hparams__code_size=2,
        hparams__prior_scale=5.0,
        hparams__posterior="deterministic",
        hparams__label_informed=False,
    ),
    "configs/aae_mnist.py:mixture": aae_recipe(
        objective="aae",
        data__labelled=10_000,
        hparams__code_prior="mixture",
        hparams__code_size=2,
        hparams__components=10,
        hparams__label_informed=True,
    ),
    "configs/aae_mnist.py:supervised": aae_recipe(
        objective="aae_supervised",
        hparams__num_classes=10,
        hparams__code_size=15,
        hparams__prior_scale=1.0,
    ),
    "configs/aae_mnist.py:semisupervised": {
        **aae_recipe(
            "category_discriminator style_discriminator",
            objective="aae_semisupervised",
            data__labelled=100,
            hparams__num_classes=10,
            hparams__style_size=10,
            hparams__style_scale=1.0,
            hparams__input_noise="gaussian",
            hparams__input_noise_level=0.3,
        ),
        **momentum(AAE, "optim.encoder.supervised", 0.01, 0.9, **AAE_TENTHS),
        **said(REPLICATION, "optim.encoder.supervised", AAE_TENTHS),
    },
    "configs/ali_cifar10.py": {
        **said(
            ALI,
            "",
            {
                "hparams.latent_size": 64,
                "hparams.posterior": "gaussian",
                "data.batch_size": 100,
                "num_steps": 3_237_500,
            },
        ),
        **adam(ALI, f"optim.encoder {PLAYERS}", 1e-4, 0.5),
    },
    "configs/ali_mnist.py:bigan": {
        **said(
            BIGAN,
            "",
            {
                "hparams.latent_size": 50,
                "hparams.latent_prior": "uniform",
                "hparams.posterior": "deterministic",
                "hparams.reduction": "mean",
                "networks.generator.features": 1024,
                "networks.encoder.features": 1024,
                "networks.discriminator.features": 1024,
                "networks.discriminator.depth": 2,
                "data.batch_size": 128,
                "num_steps": 187_200,
            },
        ),
        **adam(
            BIGAN,
            f"optim.encoder {PLAYERS}",
            2e-4,
            0.5,
            weight_decay=2.5e-5,
            **linear(93_600, 93_600),
        ),
    },
    "configs/cyclegan_folder.py": {
        **said(
            CYCLE_CODE,
            "",
            {
                "data.image_size": 256,
                "data.load_size": 286,
                "data.flip": True,
                "data.batch_size": 1,
                "networks.generator.features": 64,
                "networks.generator.depth": 9,
                "networks.inverse_discriminator.features": 64,
                "networks.inverse_discriminator.depth": 3,
                "num_steps": 266_800,
            },
        ),
        **adam(
            CYCLE,
            f"optim.inverse_generator optim.inverse_discriminator {PLAYERS}",
            2e-4,
            0.5,
            **linear(133_400, 133_400),
        ),
    },
    "configs/aae_mnist.py:clustering": aae_recipe(
        "category_discriminator style_discriminator",
        objective="aae_semisupervised",
        data__labelled=0,
        hparams__num_classes=30,
        hparams__style_size=10,
    ),
}
# No number of these is published.
OURS = {
    "configs/aae_digits.py",
    "configs/aegan_digits.py",
    "configs/age_colorization_cars.py",
    "configs/age_colorization_photos.py",
    "configs/age_digits.py",
    "configs/ali_digits.py",
    "configs/catgan_digits.py",
    "configs/colorization_photos.py",
    "configs/cyclegan_digits.py",
    "configs/encoders_digits.py",
    "configs/infogan_digits.py",
    "configs/pixelcnn_digits.py",
    "configs/pixelgan_ae_digits_clustering.py",
    "configs/pixelgan_ae_digits_gaussian.py",
    "configs/pixelgan_ae_digits_semisupervised.py",
    "configs/temporal_ensembling_digits.py",
    "configs/vae_digits.py",
    "configs/vaegan_digits.py",
}


def config_of(path):
    return load.load_config(str(ROOT / path))


def differences(found, published):
    """What of {key: (value, source)} is not found, in words."""
    return [
        f"{key} is {found.get(key)!r}; {value!r} is published ({source})"
        for key, (value, source) in published.items()
        if found.get(key) != value
    ]


@pytest.mark.parametrize("path", RECIPES)
def test_a_config_is_the_published_recipe(path):
    assert not differences(flatten(config_of(path).to_dict()), RECIPES[path])


def test_every_config_is_compared_with_what_is_published():
    files = {path.partition(":")[0] for path in RECIPES}
    experiments = {name for name in load.known_configs((ROOT,)) if "studies" not in name}
    assert files | OURS == experiments
    assert not files & OURS


DEFAULTS = {
    age: said(
        AGE,
        "",
        {
            "latent_size": 128,
            "latent_prior": "sphere",
            "divergence": "moments",
            "kl_direction": "qp",
            "kl_form": "published",
            "image_match": "l1",
            "latent_match": "cosine",
            "encoder_updates": 1,
            "generator_updates": 2,
            "encoder_real_weight": 1.0,
            "encoder_fake_weight": 1.0,
            "image_weight": 10.0,
            "encoder_latent_weight": 0.0,
            "generator_fake_weight": 1.0,
            "latent_weight": 1000.0,
            "generator_image_weight": 0.0,
        },
    ),
    ali: said(
        ALI,
        "",
        {
            "latent_size": 64,
            "latent_prior": "normal",
            "posterior": "gaussian",
            "reduction": "sum",
            "order": "simultaneous",
        },
    ),
    gan: said(
        YAML,
        "",
        {
            "latent_size": 100,
            "latent_prior": "uniform_unit",
            "form": "non_saturating",
            "order": "simultaneous",
            "discriminator_updates": 1,
            "generator_updates": 1,
            "real_label": 1.0,
        },
    ),
    cgan: said(CGAN, "", {"latent_size": 100, "latent_prior": "unit_hypercube", "num_classes": 10}),
    catgan: said(CATGAN, "", {"latent_size": 128, "latent_prior": "uniform", "label_weight": 0.0}),
    infogan: said(
        INFOGAN,
        "",
        {
            "num_classes": 10,
            "continuous_size": 2,
            "noise_size": 62,
            "info_weight": 1.0,
            "information": "both",
        },
    ),
    lsgan: {
        **said(LSGAN_PAPER, "", {"a": 0.0, "b": 1.0, "c": 1.0}),
        **said(LSGAN, "", {"latent_size": 1024, "latent_prior": "uniform"}),
    },
    ebgan: said(EBGAN, "", {"margin": 20.0, "pulling_away_weight": 0.1, "latent_size": 100}),
    wgan: {
        **said(WGAN, "", {"clip": 0.01, "clip_order": "after", "critic_updates": 5}),
        **said(WGAN_CODE, "", {"latent_size": 100, "latent_prior": "normal"}),
    },
    wgan_gp: {
        **said(GP, "", {"penalty_weight": 10.0, "critic_updates": 5}),
        **said(GP_RESNET, "", {"latent_size": 128, "latent_prior": "normal"}),
    },
    colorization: {
        **said(PIX2PIX, "", {"adversarial": "gan", "adversarial_weight": 1.0, "halved": True}),
        **said(PIX2PIX, "", {"l1_weight": 100.0, "l2_weight": 0.0, "latent_size": 0}),
        **said(WGAN, "", {"clip": 0.01}),
        **said(GP, "", {"penalty_weight": 10.0}),
    },
    aegan: {
        **said(AEGAN, "", {"model": "aegan", "latent_size": 32, "latent_prior": "normal"}),
        **said(
            AEGAN_CODE,
            "",
            {
                "image_weight": 10.0,
                "latent_weight": 5.0,
                "image_adversarial_weight": 1.0,
                "latent_adversarial_weight": 1.0,
                "reconstruction": "means",
                "adversarial_form": "non_saturating",
                "real_label": 0.95,
                "fake_label": 0.05,
                "blocks": True,
                "annealing_steps": 0,
            },
        ),
    },
    cyclegan: said(
        CYCLE_CODE,
        "",
        {
            "cycle_weight": 10.0,
            "inverse_cycle_weight": 10.0,
            "identity_weight": 0.5,
            "pool_size": 50,
        },
    ),
    temporal_ensembling: said(
        TEMPENS,
        "",
        {
            "form": "temporal",
            "num_images": 73_257,
            "consistency_weight": 30.0,
            "ramp_steps": 58_560,
            "decay": 0.6,
            "translation": 2,
            "flip": False,
        },
    ),
    vae: {
        **said(VAE, "", {"kl_weight": 1.0}),
        **said(VAE_EXAMPLE, "", {"latent_size": 20, "likelihood": "bernoulli"}),
    },
    vaegan: {
        **said(VAEGAN, "", {"order": "simultaneous", "adversarial_form": "minimax"}),
        **said(VAEGAN, "", {"real_weight": 1.0, "reconstructed_weight": 1.0}),
        **said(VAEGAN, "", {"feature_scale": 1.0}),
        **said(VAEGAN_CODE, "", {"latent_size": 128, "feature_weight": 1e-6}),
        **said(VAEGAN_CODE, "", {"equilibrium": 0.68, "margin": 0.35}),
    },
    aae_supervised: said(AAE, "", {"code_size": 15, "prior_scale": 1.0}),
    aae_semisupervised: said(
        AAE, "", {"num_classes": 10, "style_size": 10, "input_noise_level": 0.3}
    ),
    pixelgan_ae: said(
        PIXELGAN,
        "",
        {
            "code_prior": "categorical",
            "code_size": 30,
            "posterior": "implicit",
            "input_noise": "dropout",
            "input_noise_level": 0.2,
        },
    ),
}


@pytest.mark.parametrize("objective", DEFAULTS, ids=lambda module: module.__name__)
def test_defaults_of_an_objective_are_the_published_ones(objective):
    assert not differences(vars(objective.Hparams()), DEFAULTS[objective])


# (config, network) -> the learning rate from each of these steps on.
RATES = {
    ("configs/age_cifar10.py", "encoder"): {
        0: 2e-4,
        30_458: 2e-4,
        30_459: 1e-4,
        61_699: 5e-5,
        92_939: 2.5e-5,
        117_149: 2.5e-5,
    },
    ("configs/age_celeba.py", "generator"): {10_171: 2e-4, 10_172: 1e-4, 12_714: 1e-4},
    ("configs/gan_mnist.py", "generator"): {0: 0.1, 125_000: 0.1 / 1.000004**125_000, 10**8: 1e-6},
    ("configs/gan_mnist.py", "discriminator"): {0: 0.05, 10**8: 5e-7},
    ("configs/cgan_mnist.py", "generator"): {0: 0.1, 100_000: 0.1 / 1.00004**100_000, 10**7: 1e-6},
    ("configs/cgan_mnist.py:dcgan", "generator"): {19_500: 2e-4, 29_250: 1e-4, 39_000: 0.0},
    ("configs/wgan_gp_cifar10.py", "critic"): {0: 2e-4, 50_000: 1e-4, 100_000: 0.0},
    ("configs/aae_mnist.py", "decoder"): {24_999: 0.01, 25_000: 1e-3, 500_000: 1e-4},
    ("configs/pixelgan_ae_mnist_gaussian.py", "decoder"): {12_499: 1e-3, 12_500: 1e-4},
}


@pytest.mark.parametrize(("path", "network"), RATES)
def test_learning_rates_by_step(path, network):
    section = config_of(path).optim[network]
    rate = optimisers.schedule(section.learning_rate, section.schedule.to_dict())
    for step, expected in RATES[path, network].items():
        # float32 counts the steps of the decays of 2014.
        assert float(rate(step)) == pytest.approx(expected, rel=2e-4, abs=1e-12), step


def test_the_discriminators_update_of_2014_is_that_of_half_the_loss():
    """mnist.yaml: v <- m v - 0.1 / 1.000004^t g, of the gradient g of half the sum."""
    tx = optimisers.build(config_of("configs/gan_mnist.py").optim.discriminator.to_dict())
    half_gradients = np.random.default_rng(0).normal(size=(20, 3))
    weights, velocity = np.zeros(3), np.zeros(3)
    moved, state = jnp.zeros(3), tx.init(jnp.zeros(3))
    for step, gradient in enumerate(half_gradients):
        velocity = (0.5 + 0.2 * step / 125_000) * velocity - 0.1 / 1.000004**step * gradient
        weights = weights + velocity
        ours = jnp.asarray(2.0 * gradient, jnp.float32)
        updates, state = tx.update(ours, state, moved, step=jnp.asarray(step))
        moved = moved + updates
    np.testing.assert_allclose(moved, weights, rtol=1e-4)


# Parameters of the networks that a config makes, counted from the published layers.
SIZES = {
    "configs/aegan_anime.py": {
        "generator": 1_946_691,
        "encoder": 1_381_664,
        "image_discriminator": 708_545,
        "latent_discriminator": 76_801,
    },
    # Without biases before normalisations and the log-variances of fixed deviations.
    "configs/infogan_mnist.py": {
        "generator": 6_645_121,
        "discriminator": 6_558_017,
        "recogniser": 132_876,
    },
    # Dense layers of 2048 and 4096 numbers, and the convolutions of the history's channels.
    "configs/aegan_mnist.py": {
        "generator": 653_441,
        "encoder": 493_712,
        "image_discriminator": 462_977,
        "latent_discriminator": 70_657,
    },
    "configs/age_cifar10.py": {"encoder": 1_183_616, "generator": 3_934_595},
    "configs/age_celeba.py": {"encoder": 3_281_728, "generator": 3_281_792},
    # Table 5: kernels of 3,117,696 numbers, and two for each of 2058 channels.
    "configs/temporal_ensembling_svhn.py": {"classifier": 3_121_812},
    # Layers of 784, 400 and 20 units, mu and log sigma.
    "configs/vae_mnist.py": {"encoder": 330_040, "decoder": 322_784},
    "configs/vaegan_celeba.py": {
        "encoder": 18_071_360,
        "generator": 4_693_155,
        "discriminator": 10_953_857,
    },
    "configs/gan_mnist.py": {"generator": 2_503_984, "discriminator": 1_231_441},
    "configs/dcgan_celeba.py": {"generator": 3_576_704, "discriminator": 2_765_568},
    "configs/colorization_places.py": {"generator": 54_409_858, "discriminator": 2_765_633},
    "configs/cyclegan_folder.py": {
        "generator": 11_378_179,
        "inverse_generator": 11_378_179,
        "discriminator": 2_764_737,
        "inverse_discriminator": 2_764_737,
    },
    "configs/dcgan_lsun.py": {"generator": 18_885_760, "discriminator": 17_232_768},
    # gan_cifar.py without the 8576 biases before a normalisation, with 3 of the image.
    "configs/wgan_gp_cifar10.py:dcgan": {"generator": 5_171_331, "critic": 4_114_689},
}


@pytest.mark.parametrize("path", SIZES)
def test_parameters_of_published_networks(path):
    made = experiment.build(config_of(path))
    params = jax.eval_shape(lambda: made.create_state(jax.random.key(0))).params
    sizes = {name: sum(x.size for x in jax.tree.leaves(tree)) for name, tree in params.items()}
    assert sizes == SIZES[path]


def test_initial_values_of_wgan_gps_pair_are_those_of_its_code():
    """Uniform; variance 4 / (fan-in + fan-out) of convolutions, 2 / that of linear layers.

    tflib/ops: the fan-out of conv2d and the fan-in of deconv2d are divided by the stride squared.
    """
    made = experiment.build(config_of("configs/wgan_gp_cifar10.py:dcgan"))
    params = jax.jit(made.create_state)(jax.random.key(0, impl="rbg")).params
    variances = {
        "critic": {
            "Conv_0": 4 / (75 + 800),
            "Conv_1": 4 / (3200 + 1600),
            "Conv_2": 4 / (6400 + 3200),
            "Dense_0": 2 / (8192 + 1),
        },
        "generator": {
            "Dense_0": 2 / (128 + 8192),
            "ConvTranspose_0": 4 / (3200 + 6400),
            "ConvTranspose_1": 4 / (1600 + 3200),
            "ConvTranspose_2": 4 / (800 + 75),
        },
    }
    for network, layers in variances.items():
        for name, variance in layers.items():
            kernel = np.asarray(params[network][name]["kernel"])
            assert kernel.var() == pytest.approx(variance, rel=0.05), name
            assert np.abs(kernel).max() == pytest.approx((3 * variance) ** 0.5, rel=0.01), name
        rest = {name: part for name, part in params[network].items() if name not in layers}
        for name, part in rest.items():
            np.testing.assert_array_equal(part["scale"], 1.0, err_msg=name)
        for part in params[network].values():
            assert not np.any(part.get("bias", 0.0))
    assert params["generator"]["ConvTranspose_2"]["bias"].shape == (3,)
    assert "bias" not in params["generator"]["ConvTranspose_1"]


def test_other_initial_values_are_refused():
    config = config_of("configs/dcgan_mnist.py:smoke")
    with pytest.raises(UserError, match='init_scheme="xavier" of a network is not one of normal, '):
        experiment.build(load.override(config, "networks.generator.init_scheme", "xavier"))


def test_latents_of_the_conditional_gan_are_of_the_unit_hypercube():
    made = experiment.build(config_of("configs/cgan_mnist.py"))
    z = np.asarray(cgan.draw_code(made.spec, jax.random.key(0), 200))
    assert z.shape == (200, 100)
    assert 0.0 <= z.min() < 0.001 < 0.999 < z.max() <= 1.0
    np.testing.assert_allclose([z.mean(), z.std()], [0.5, 12**-0.5], atol=0.01)


@pytest.mark.parametrize("argument", ["smoke", "dcgan,smoke"])
def test_conditional_discriminators_see_pixels_from_0_to_1(argument):
    made = experiment.build(config_of(f"configs/cgan_mnist.py:{argument}"))
    network = made.spec.nets["discriminator"]
    image = jax.random.uniform(jax.random.key(1), (4, 28, 28, 1), minval=-1.0)
    label = jnp.arange(4)
    variables = jax.jit(lambda: network.init(jax.random.key(0), image, label, train=False))()
    plain = network.clone(unit_pixels=False)
    scores, same, other = (
        module.apply(variables, x, label, train=False)
        for module, x in ((network, image), (plain, (image + 1.0) / 2.0), (plain, image))
    )
    np.testing.assert_array_equal(scores, same)
    assert np.any(scores != other)


def test_neighbours_estimate_one_direction_only():
    """AGE's losses.py asserts as much."""
    assert age.Hparams(divergence="nearest_neighbour").kl_direction == "qp"
    with pytest.raises(ValueError, match='kl_direction="pq" needs divergence="moments"'):
        age.Hparams(divergence="nearest_neighbour", kl_direction="pq")


@pytest.mark.parametrize("setting", ["gaussian", "supervised", "semisupervised"])
def test_an_adversarial_autoencoder_sums_over_pixels_or_averages(setting):
    config = config_of(f"configs/aae_mnist.py:{setting},smoke")
    made = experiment.build(load.override(config, "data.labelled", 0))
    image = jax.random.uniform(jax.random.key(1), (3, 28, 28, 1), minval=-1.0)
    inputs = (image, jnp.arange(3)) if setting == "supervised" else (image,)
    state = made.create_state(jax.random.key(0))

    def run(reduction):
        spec = experiment.build(load.override(made.config, "hparams.reduction", reduction)).spec
        nets = Nets(spec, state.params, state.model_state)
        return made.objective.reconstruction_loss(nets, spec, *inputs, jax.random.key(2))

    (total, of_total), (mean, of_mean) = run("sum"), run("mean")
    assert float(total) == pytest.approx(784 * float(mean), rel=1e-5)
    assert float(of_total["decoder/nats"]) == float(of_mean["decoder/nats"]) == float(total)
    with pytest.raises(ValueError, match="reduction"):
        made.objective.Hparams(reduction="median")


def test_the_short_study_of_faces_is_of_small_images_by_narrow_networks():
    study = experiment.load_config("configs/studies/aegan.py:anime_32,aegan,gan")
    assert study.seeds == 3
    assert study.experiments == ("configs/aegan_anime.py:gan,32", "configs/aegan_anime.py:aegan,32")
    # 3,000 steps as the code counts them, two in a block of the GAN and four in AEGAN's.
    for path, blocks in zip(study.experiments, (1_500, 750), strict=True):
        config = experiment.load_config(path)
        assert (config.num_steps, config.data.image_size) == (blocks, 32)
        assert {n.features for n in config.networks.values() if "multiples" in n} == {16}
    smoke = experiment.load_config("configs/studies/aegan.py:anime_32,gan,smoke")
    assert smoke.experiments == ("configs/aegan_anime.py:gan,32,smoke",)

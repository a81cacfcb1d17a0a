"""Every objective's losses in numpy, float64, from the papers' equations, on `tiny_games` networks.

A loss takes hparams, the key of an update and what the turn reads of a batch. It makes its draws,
each with the key that the library promises, and returns a function of all weights
{network: {name: array}} that gives its terms, {term: (weight, value)}; the loss is the sum of
weight times value. What the library measures has the metric's name, with a weight of 0 where it is
no term.
"""

import jax
import numpy as np

from jaxgen.core import key_for

TRAINING = 0.25  # what `tiny_games` networks add in training


def flat(x):
    return x.reshape(len(x), -1)


def linear(w, *x):
    return np.concatenate([flat(part) for part in x], axis=1) @ w["kernel"] + TRAINING


def image_of(w, *x):
    return np.tanh(linear(w, *x))


def scores(w, *x):
    return np.tanh(linear(w["hidden"], *x)).sum(1)


def pixels_of(w, image, *code):
    w = w["Pixels_0"]
    logits = flat(image) @ np.triu(w["causal"], 1) + TRAINING
    return sum((z @ w["bias"] for z in code), logits)


def one_hot(label, classes):
    return np.eye(classes)[label]


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def softmax(x):
    return np.exp(x) / np.exp(x).sum(1, keepdims=True)


def cross_entropy(logits, target):
    """Of Bernoulli variables, each."""
    return -target * np.log(sigmoid(logits)) - (1 - target) * np.log(sigmoid(-logits))


CONSTANT = "constant"  # a term that no weight moves


def measured(values):
    """Terms of no weight."""
    return {name: (0, value) for name, value in values.items()}


def normal(key, *shape):
    return np.asarray(jax.random.normal(key, shape), np.float64)


def uniform(key, *shape):
    return np.asarray(jax.random.uniform(key, shape), np.float64)


def category(key, num, categories):
    return np.asarray(jax.random.randint(key, (num,), 0, categories))


# ALI


def ali_pairs(h, key, image):
    """Logits of (x, E(x)) and of (G(z), z), what was made; functions of all weights."""
    z, key_code = latents_of(h, key, len(image)), key_for(key, "posterior")
    noise = normal(key_for(key_code, "code"), len(image), h.latent_size)

    def made(w):
        code = linear(w["encoder"], image)
        if h.posterior == "gaussian":
            mean, log_deviation = np.split(code, 2, axis=1)
            code = mean + np.exp(log_deviation) * noise
        return code, image_of(w["generator"], z).reshape(image.shape)

    def logits(w):
        code, generated = made(w)
        w = w["discriminator"]
        return scores(w, image, code), scores(w, generated, z), code, generated

    return logits


def ali_discriminator(h, key, image):
    logits = ali_pairs(h, key, image)
    weight = {"sum": 1, "mean": 1 / 2}[h.reduction]

    def terms(w):
        real, fake, code, generated = logits(w)
        return {
            "of images": (weight, -np.log(sigmoid(real)).mean()),
            "of latents": (weight, -np.log(1 - sigmoid(fake)).mean()),
            **outputs_of(sigmoid(real), sigmoid(fake), image, generated),
            **measured(
                {
                    "encoder/code_mean_error": np.abs(code.mean(0)).mean(),
                    "encoder/code_var": code.var(0).mean(),
                }
            ),
        }

    return terms


def ali_pair(h, key, image):
    """Generator and encoder: what the discriminator says of either is turned around."""
    logits = ali_pairs(h, key, image)
    weight = {"sum": 1, "mean": 1 / 2}[h.reduction]

    def terms(w):
        real, fake, *_ = logits(w)
        return {
            "of images": (weight, -np.log(1 - sigmoid(real)).mean()),
            "of latents": (weight, -np.log(sigmoid(fake)).mean()),
        }

    return terms


# CycleGAN


def cycle_generators(h, key, image, other_image):
    """Both generators; the cycle of either starts from one domain."""
    ways = (
        ("generator", "inverse_generator", "discriminator", image, other_image, h.cycle_weight),
        (
            "inverse_generator",
            "generator",
            "inverse_discriminator",
            other_image,
            image,
            h.inverse_cycle_weight,
        ),
    )
    own_cycle = {"generator": h.inverse_cycle_weight, "inverse_generator": h.cycle_weight}

    def terms(w):
        found = {}
        for name, back, judge, start, there, weight in ways:
            made = image_of(w[name], start)
            again = image_of(w[back], made)
            found[f"{name}/adversarial"] = (1, np.square(scores(w[judge], made) - 1).mean())
            found[f"{name}/cycle"] = (weight, np.abs(again - flat(start)).mean())
            change = np.abs(image_of(w[name], there) - flat(there)).mean()
            if h.identity_weight:
                found[f"{name}/identity"] = (h.identity_weight * own_cycle[name], change)
        return found

    return terms


def cycle_discriminators(h, key, image, other_image, made_other_image, made_image):
    pairs = {
        "discriminator": (other_image, made_other_image),
        "inverse_discriminator": (image, made_image),
    }

    def terms(w):
        found = {}
        for name, (real, fake) in pairs.items():
            on_real, on_fake = (scores(w[name], x) for x in (real, fake))
            loss = (np.square(on_real - 1).mean() + np.square(on_fake).mean()) / 2
            found[f"{name}/loss"] = (1, loss)
            means = {f"{name}/real": on_real.mean(), f"{name}/fake": on_fake.mean()}
            found |= measured(means)
        return found

    return terms


# AGE


def age_divergence(h, codes):
    if h.divergence == "nearest_neighbour":
        squares = np.square(codes[:, None] - codes).sum(-1)
        nearest = np.where(np.eye(len(codes)), np.inf, squares).min(1)
        entropy = codes.shape[1] * np.log(nearest + 1e-4).mean()
        return np.square(codes).mean() / 2 - entropy
    m, v = codes.mean(0), codes.var(0)
    s2 = {"published": v**2, "textbook": v}[h.kl_form]
    if h.kl_direction == "qp":
        return ((s2 + m**2) / 2 - np.log(s2) / 2 - 0.5).mean()
    return ((1 + m**2) / (2 * s2) + np.log(s2) / 2 - 0.5).mean()


AGE_MATCH = {
    "l1": lambda x, y: np.abs(x - y).mean(),
    "l2": lambda x, y: np.square(x - y).mean(),
    "cosine": lambda x, y: 2 - (unit(x) * unit(y)).mean(),
}


def age_players(h, key, image):
    """(e, g, z), the first two functions of all weights and an input."""
    on_prior = unit if h.latent_prior == "sphere" else lambda codes: codes

    def encode(w, x):
        return on_prior(linear(w["encoder"], x))

    def generate(w, z):
        return image_of(w["generator"], z).reshape(image.shape)

    return encode, generate, on_prior(normal(key, len(image), h.latent_size))


def age_encoder(h, key, image):
    encode, generate, z = age_players(h, key, image)

    def terms(w):
        generated = generate(w, z)
        codes, fake = encode(w, image), encode(w, generated)
        match = AGE_MATCH[h.image_match](generate(w, codes), image)
        on_real, on_fake = age_divergence(h, codes), age_divergence(h, fake)
        lead = h.encoder_fake_weight * on_fake - h.encoder_real_weight * on_real
        if 0 < h.margin < lead:  # nothing of the game is left but a number
            game = {
                **measured({"encoder/kl_real": on_real, "encoder/kl_fake": on_fake}),
                CONSTANT: (1, -h.margin),
            }
        else:
            game = {
                "encoder/kl_real": (h.encoder_real_weight, on_real),
                "encoder/kl_fake": (-h.encoder_fake_weight, on_fake),
            }
        return {
            **game,
            "encoder/image": (h.image_weight, match),
            "encoder/latent": (h.encoder_latent_weight, AGE_MATCH[h.latent_match](fake, z)),
            **measured(
                {
                    "encoder/code_mean": codes.mean(),
                    "encoder/code_var": codes.var(0).mean(),
                    "generator/spread": spread(image, flat(generated)),
                }
            ),
        }

    return terms


def age_generator(h, key, image):
    encode, generate, z = age_players(h, key, image)

    def terms(w):
        fake = encode(w, generate(w, z))
        match = AGE_MATCH[h.image_match](generate(w, encode(w, image)), image)
        return {
            "generator/kl_fake": (h.generator_fake_weight, age_divergence(h, fake)),
            "generator/latent": (h.latent_weight, AGE_MATCH[h.latent_match](fake, z)),
            "generator/image": (h.generator_image_weight, match),
            **measured({"generator/latent_cosine": (unit(z) * unit(fake)).sum(-1).mean()}),
        }

    return terms


# The GAN family


def latents_of(h, key, num):
    draw = normal if h.latent_prior == "normal" else uniform
    draws = draw(key_for(key, "latent"), num, h.latent_size)
    return {
        "normal": draws,
        "uniform": 2 * draws - 1,
        "uniform_unit": np.sqrt(3) * (2 * draws - 1),
        "unit_hypercube": draws,
    }[h.latent_prior]


def generating(h, key, num, *given):
    """Weights -> generated images, of one draw of the latents."""
    z = latents_of(h, key, num)
    return lambda w: image_of(w["generator"], z, *given)


def outputs_of(real, fake, image, generated):
    """The metrics of a discriminator that gives `real` for `image` and `fake` for `generated`."""
    means = {"discriminator/real": real.mean(), "discriminator/fake": fake.mean()}
    return measured({**means, "generator/spread": spread(image, generated)})


def spread(image, generated):
    return np.sqrt(generated.var(0).sum() / flat(image).var(0).sum())


def gan_discriminator(h, key, image, *given):
    fake = generating(h, key, len(image), *given)
    target = getattr(h, "real_label", 1.0)

    def terms(w):
        generated = fake(w)
        on_real, on_fake = (scores(w["discriminator"], x, *given) for x in (image, generated))
        return {
            "of real": (1, cross_entropy(on_real, target).mean()),
            "of generated": (1, cross_entropy(on_fake, 0).mean()),
            **outputs_of(sigmoid(on_real), sigmoid(on_fake), image, generated),
        }

    return terms


def gan_generator(h, key, image, *given):
    fake = generating(h, key, len(image), *given)

    def terms(w):
        probability = sigmoid(scores(w["discriminator"], fake(w), *given))
        loss = -np.log(probability) if h.form == "non_saturating" else np.log(1 - probability)
        return {"generator/loss": (1, loss.mean())}

    return terms


def cgan_discriminator(h, key, image, label):
    return gan_discriminator(h, key, image, one_hot(label, h.num_classes))


def cgan_generator(h, key, image, label):
    return gan_generator(h, key, image, one_hot(label, h.num_classes))


def lsgan_discriminator(h, key, image):
    fake = generating(h, key, len(image))

    def terms(w):
        generated = fake(w)
        on_real, on_fake = (scores(w["discriminator"], x) for x in (image, generated))
        return {
            "of real": (1 / 2, np.square(on_real - h.b).mean()),
            "of generated": (1 / 2, np.square(on_fake - h.a).mean()),
            **outputs_of(on_real, on_fake, image, generated),
        }

    return terms


def lsgan_generator(h, key, image):
    fake = generating(h, key, len(image))

    def terms(w):
        on_fake = scores(w["discriminator"], fake(w))
        return {"of generated": (1 / 2, np.square(on_fake - h.c).mean())}

    return terms


def ebgan_energy(h, w, x):
    """(Energies, codes)."""
    codes = linear(w["discriminator"]["Player_0"], x)
    squares = np.square(image_of(w["discriminator"]["Player_1"], codes) - flat(x))
    return squares.mean(1) if h.energy == "mean_squared" else np.sqrt(squares.sum(1)), codes


def ebgan_discriminator(h, key, image):
    fake = generating(h, key, len(image))

    def terms(w):
        generated = fake(w)
        (on_real, _), (on_fake, _) = (ebgan_energy(h, w, x) for x in (image, generated))
        hinge = np.maximum(0, h.margin - on_fake)
        # Otherwise the hinge of the mean is the mean of the hinges.
        assert 0 < np.sum(hinge > 0) < len(hinge)
        return {
            "of real": (1, on_real.mean()),
            "of generated": (1, hinge.mean()),
            **outputs_of(on_real, on_fake, image, generated),
        }

    return terms


def ebgan_generator(h, key, image):
    fake = generating(h, key, len(image))

    def terms(w):
        energy, codes = ebgan_energy(h, w, fake(w))
        cosines = np.square(unit(codes) @ unit(codes).T)
        others = cosines[~np.eye(len(codes), dtype=bool)]
        return {
            "of generated": (1, energy.mean()),
            "generator/pulling_away": (h.pulling_away_weight, others.mean()),
        }

    return terms


def wgan_critic(h, key, image):
    fake = generating(h, key, len(image))

    def terms(w):
        generated = fake(w)
        on_real, on_fake = (scores(w["critic"], x).mean() for x in (image, generated))
        distance = {"critic/distance": on_real - on_fake}
        return {
            "of real": (-1, on_real),
            "of generated": (1, on_fake),
            **measured({**distance, "generator/spread": spread(image, generated)}),
        }

    return terms


def wgan_generator(h, key, image):
    fake = generating(h, key, len(image))
    return lambda w: {"generator/loss": (1, -scores(w["critic"], fake(w)).mean())}


def wgan_gp_critic(h, key, image):
    fake, distance = generating(h, key, len(image)), wgan_critic(h, key, image)
    share = uniform(key_for(key, "share"), len(image))[:, None]

    def terms(w):
        between = share * flat(image) + (1 - share) * fake(w)
        slope = 1 - np.tanh(linear(w["critic"]["hidden"], between)) ** 2
        norms = np.linalg.norm(slope @ w["critic"]["hidden"]["kernel"].T, axis=1)
        penalty = h.penalty_weight * np.square(norms - 1).mean()
        return {**distance(w), "critic/penalty": (1, penalty)}

    return terms


# CatGAN


def catgan_discriminator(h, key, image):
    fake = generating(h, key, len(image))

    def terms(w):
        generated = fake(w)
        on_real, on_fake = (softmax(linear(w["discriminator"], x)) for x in (image, generated))
        (usage, each), (_, each_fake) = entropies(on_real), entropies(on_fake)
        return {
            "discriminator/usage_entropy": (-1, usage),
            "discriminator/assignment_entropy": (1, each),
            "discriminator/fake_entropy": (-1, each_fake),
            **measured({"generator/spread": spread(image, generated)}),
        }

    return terms


def catgan_labelled_discriminator(h, key, image, labelled_image, label):
    unlabelled = catgan_discriminator(h, key, image)

    def terms(w):
        found = unlabelled(w)
        own = sum(weight * value for weight, value in found.values())
        logits = linear(w["discriminator"], labelled_image)
        found |= of_label(logits, label, "discriminator", h.label_weight)
        return {**found, "discriminator/loss": (0, own)}

    return terms


def catgan_generator(h, key, image):
    fake = generating(h, key, len(image))

    def terms(w):
        usage, each = entropies(softmax(linear(w["discriminator"], fake(w))))
        return {"generator/usage_entropy": (-1, usage), "generator/assignment_entropy": (1, each)}

    return terms


# Temporal ensembling


def moved_about(h, key, image):
    """A window of each image with reflected edges, which may be mirrored."""
    key, most, (num, height, width, _) = key_for(key, "augment"), h.translation, image.shape
    corners = np.zeros((num, 2), int)
    if most:
        draw = jax.random.randint(key_for(key, "translation"), (num, 2), 0, 2 * most + 1)
        corners = np.asarray(draw)
    mirrored = uniform(key_for(key, "flip"), num) < 0.5 if h.flip else np.zeros(num)
    windows = []
    for x, (top, left), mirror in zip(image, corners, mirrored, strict=True):
        x = np.pad(x[:, ::-1] if mirror else x, ((most, most), (most, most), (0, 0)), "reflect")
        windows.append(x[top : top + height, left : left + width])
    return np.array(windows)


def classified(h, key, name, image):
    """Weights -> logits in the pass of this name."""
    moved = moved_about(h, key_for(key, name), image)
    return lambda w: linear(w["classifier"], moved)


def classifier_of_labels(h, key, labelled_image, label):
    logits = classified(h, key, "labelled", labelled_image)
    return lambda w: of_label(logits(w), label, "classifier")


def temporal_classifier(h, key, image, target, weight, labelled_image, label):
    labels = classifier_of_labels(h, key, labelled_image, label)
    logits = classified(h, key, "first", image)

    def terms(w):
        found = softmax(logits(w))
        other = target if isinstance(target, np.ndarray) else softmax(target(w))
        usage, each = entropies(found)
        entropy = {"classifier/usage_entropy": usage, "classifier/assignment_entropy": each}
        errors = np.square(found - other).sum(1) / h.num_classes
        term = (weight * errors).sum() / len(image)
        return {**labels(w), **measured(entropy), "classifier/consistency": (1, term)}

    return terms


def pi_classifier(h, key, image, weight, labelled_image, label):
    second = classified(h, key, "second", image)
    return temporal_classifier(h, key, image, second, weight, labelled_image, label)


# InfoGAN


def infogan_players(h, key, num):
    """(Weights -> generated images, of one draw of latents, the terms of Q of their features)."""
    key = key_for(key, "latent")
    draws = {
        name: 2 * uniform(key_for(key, name), num, size) - 1
        for name, size in (("noise", h.noise_size), ("continuous", h.continuous_size))
    }
    label = category(key_for(key, "category"), num, h.num_classes)
    latent = (draws["noise"], one_hot(label, h.num_classes), draws["continuous"])

    def bound(w, shown):
        logits, mean = np.split(linear(w["recogniser"], shown), [h.num_classes], axis=1)
        own = softmax(logits)[np.arange(num), label]
        found = {"category_information": (-h.info_weight, np.log(h.num_classes * own).mean())}
        if h.continuous_size:
            squares = np.square(draws["continuous"] - mean)
            density = np.exp(-squares / 2) / np.sqrt(2 * np.pi)
            # Of the uniform prior the density is 1/2.
            nats = np.log(density / 0.5).sum(1).mean()
            found["continuous_information"] = (-h.continuous_weight, nats)
            found["continuous_error"] = (0, squares.mean())
        return {f"recogniser/{name}": term for name, term in found.items()}

    return lambda w: image_of(w["generator"], *latent), bound


def infogan_discriminator(h, key, image):
    fake, bound = infogan_players(h, key, len(image))

    def terms(w):
        generated = fake(w)
        (on_real, _), (on_fake, shown) = (features(w, x) for x in (image, generated))
        of_real, of_fake = cross_entropy(on_real, 1).mean(), cross_entropy(on_fake, 0).mean()
        return {
            "of real": (1, of_real),
            "of generated": (1, of_fake),
            "discriminator/loss": (0, of_real + of_fake),
            **(bound(w, shown) if h.information == "both" else {}),
            **outputs_of(sigmoid(on_real), sigmoid(on_fake), image, generated),
        }

    return terms


def infogan_generator(h, key, image):
    fake, bound = infogan_players(h, key, len(image))

    def terms(w):
        on_fake, shown = features(w, fake(w))
        loss = -np.log(sigmoid(on_fake)).mean()
        return {"generator/loss": (1, loss), **bound(w, shown)}

    return terms


# Colorizers


def chroma_ratio(true, made):
    return np.linalg.norm(made, axis=-1).mean() / np.linalg.norm(true, axis=-1).mean()


def coloring(h, key, lightness):
    """Weights -> made chroma [b,h,w,2]."""
    latent = (
        [normal(key_for(key, "latent"), len(lightness), h.latent_size)] if h.latent_size else []
    )
    shape = (*lightness.shape[:3], 2)
    return lambda w: image_of(w["generator"], lightness, *latent).reshape(shape)


def color_energy(h, w, lightness, chroma):
    codes = linear(w["discriminator"]["Player_0"], lightness, chroma)
    squares = np.square(image_of(w["discriminator"]["Player_1"], codes) - flat(chroma))
    return squares.mean(1) if h.energy == "mean_squared" else np.sqrt(squares.sum(1))


def color_penalty(h, key, w, lightness, true, made):
    """The slope by the chroma alone, between chroma of one lightness."""
    share = uniform(key_for(key, "share"), len(true))[:, None]
    between = share * flat(true) + (1 - share) * flat(made)
    slope = 1 - np.tanh(linear(w["discriminator"]["hidden"], lightness, between)) ** 2
    of_chroma = w["discriminator"]["hidden"]["kernel"][flat(lightness).shape[1] :]
    norms = np.linalg.norm(slope @ of_chroma.T, axis=1)
    return h.penalty_weight * np.square(norms - 1).mean()


def color_discriminator(h, key, lightness, chroma):
    make = coloring(h, key, lightness)

    def terms(w):
        made = make(w)
        if h.adversarial == "ebgan":
            on_real, on_fake = (color_energy(h, w, lightness, x) for x in (chroma, made))
            hinge = np.maximum(0, h.margin - on_fake)
            assert 0 < np.sum(hinge > 0) < len(hinge)
            losses = {"of true": (1, on_real.mean()), "of made": (1, hinge.mean())}
            return losses | outputs_of_colors(on_real, on_fake)
        on_real, on_fake = (scores(w["discriminator"], lightness, x) for x in (chroma, made))
        if h.adversarial == "gan":
            weight = 1 / 2 if h.halved else 1
            losses = {
                "of true": (weight, cross_entropy(on_real, 1).mean()),
                "of made": (weight, cross_entropy(on_fake, 0).mean()),
            }
            return losses | outputs_of_colors(sigmoid(on_real), sigmoid(on_fake))
        if h.adversarial == "lsgan":
            losses = {
                "of true": (1 / 2, np.square(on_real - 1).mean()),
                "of made": (1 / 2, np.square(on_fake).mean()),
            }
            return losses | outputs_of_colors(on_real, on_fake)
        losses = {
            "of true": (-1, on_real.mean()),
            "of made": (1, on_fake.mean()),
            **measured({"discriminator/distance": on_real.mean() - on_fake.mean()}),
        }
        if h.adversarial == "wgan_gp":
            penalty = color_penalty(h, key, w, lightness, chroma, made)
            losses["discriminator/penalty"] = (1, penalty)
        return losses

    return terms


def outputs_of_colors(real, fake):
    return measured({"discriminator/real": real.mean(), "discriminator/fake": fake.mean()})


def color_generator(h, key, lightness, chroma):
    make = coloring(h, key, lightness)

    def adversarial(w, made):
        if h.adversarial == "ebgan":
            return color_energy(h, w, lightness, made).mean()
        on_made = scores(w["discriminator"], lightness, made)
        if h.adversarial == "gan":
            return -np.log(sigmoid(on_made)).mean()
        return np.square(on_made - 1).mean() / 2 if h.adversarial == "lsgan" else -on_made.mean()

    def terms(w):
        made = make(w)
        losses = {
            "generator/l1": (h.l1_weight, np.abs(made - chroma).mean()),
            "generator/l2": (h.l2_weight, np.square(made - chroma).mean()),
            **measured({"generator/chroma": chroma_ratio(chroma, made)}),
        }
        if h.adversarial == "none":
            return losses
        return losses | {"generator/adversarial": (h.adversarial_weight, adversarial(w, made))}

    return terms


def color_age_players(h, key, lightness):
    """(e, g, z): codes of chroma, chroma of codes, both given the lightness."""
    on_prior = unit if h.latent_prior == "sphere" else lambda codes: codes

    def encode(w, chroma):
        both = np.concatenate([lightness, chroma.reshape(*lightness.shape[:3], 2)], axis=-1)
        return on_prior(linear(w["encoder"], both))

    def generate(w, z):
        return image_of(w["generator"], lightness, z).reshape(*lightness.shape[:3], 2)

    return encode, generate, on_prior(normal(key_for(key, "latent"), len(lightness), h.latent_size))


def color_age_encoder(h, key, lightness, chroma):
    encode, generate, z = color_age_players(h, key, lightness)

    def terms(w):
        made = generate(w, z)
        codes, fake = encode(w, chroma), encode(w, made)
        on_real, on_fake = age_divergence(h, codes), age_divergence(h, fake)
        game = {"encoder/kl_real": (1, on_real), "encoder/kl_fake": (-1, on_fake)}
        if 0 < h.margin < on_fake - on_real:
            game = {CONSTANT: (1, -h.margin)}
            game |= measured({"encoder/kl_real": on_real, "encoder/kl_fake": on_fake})
        match = AGE_MATCH[h.chroma_match](generate(w, codes), chroma)
        return {
            **game,
            "encoder/reconstruction": (h.chroma_weight, match),
            "encoder/latent": (h.encoder_latent_weight, AGE_MATCH[h.latent_match](fake, z)),
            **measured(
                {
                    "encoder/code_mean": codes.mean(),
                    "encoder/code_var": codes.var(0).mean(),
                    "generator/chroma": chroma_ratio(chroma, made),
                }
            ),
        }

    return terms


def color_age_generator(h, key, lightness, chroma):
    encode, generate, z = color_age_players(h, key, lightness)

    def terms(w):
        fake = encode(w, generate(w, z))
        match = AGE_MATCH[h.chroma_match](generate(w, encode(w, chroma)), chroma)
        return {
            "generator/kl_fake": (1, age_divergence(h, fake)),
            "generator/latent": (h.latent_weight, AGE_MATCH[h.latent_match](fake, z)),
            "of true chroma": (h.generator_chroma_weight, match),
            **measured({"generator/latent_cosine": (unit(z) * unit(fake)).sum(-1).mean()}),
        }

    return terms


# Models of pixels


def binary(h, key, image):
    return to_binary(h, key, image) if h.output == "bernoulli" else image


def to_binary(h, key, image):
    if h.binarise == "none":
        return image
    threshold = 2 * uniform(key, *image.shape) - 1 if h.binarise == "sample" else 0
    return np.where(image > threshold, 1.0, -1.0)


def pixel_nats(h, y, image):
    """-log p(x), of each image, of the `Graded` outputs of one number `y` a pixel."""
    x = flat(image)
    if h.output == "bernoulli":
        return cross_entropy(y, (x + 1) / 2).sum(1)
    if h.output == "categorical":
        logits = y[..., None] * np.linspace(-1, 1, 256)
        level = np.rint((x + 1) * 127.5).astype(int)
        chosen = np.take_along_axis(logits, level[..., None], axis=2)[..., 0]
        return (np.log(np.exp(logits).sum(-1)) - chosen).sum(1)
    logits, mean, log_scale = np.split(y[..., None] * MIXTURE[0] + MIXTURE[1], 3, axis=-1)
    ends = [(x[..., None] + side / 255 - mean) / np.exp(log_scale) for side in (-1, 1)]
    share = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    return -np.log((share * (sigmoid(ends[1]) - sigmoid(ends[0]))).sum(-1)).sum(1)


# Slope and offset of two components' logits, means, log scales.
MIXTURE = np.array([[1, -1, 0.5, -0.3, 0.2, -0.4], [0, 0, 0.1, -0.2, -1, -0.5]])


def pixelcnn_decoder(h, key, image, *given):
    image = binary(h, key, image)

    def terms(w):
        y = pixels_of(w["decoder"], image, *given)
        nats = pixel_nats(h, y, image).mean()
        bits = nats / np.log(2) / image[0].size
        return {"decoder/nll": (1, nats), "decoder/bits_per_dim": (0, bits)}

    return terms


def pixelcnn_conditional_decoder(h, key, image, label):
    return pixelcnn_decoder(h, key, image, one_hot(label, h.num_classes))


# The variational autoencoder


def posterior(w, image):
    """(mu, log sigma)."""
    return np.split(linear(w["encoder"], image), 2, axis=1)


def gaussian_kl(mean, log_sigma):
    return -(1 + 2 * log_sigma - mean**2 - np.exp(2 * log_sigma)).sum(1) / 2


def vae_nats(h, output, image):
    """-log p(x|z) of each image."""
    x, s = flat(image), h.pixel_scale
    if h.likelihood == "bernoulli":
        return cross_entropy(output, (x + 1) / 2).sum(1)
    if h.likelihood == "gaussian":
        return (np.square(x - output) / (2 * s**2) + np.log(s * np.sqrt(2 * np.pi))).sum(1)
    above = np.where(x > 0.999, 1.0, sigmoid((x + 1 / 255 - output) / s))
    below = np.where(x < -0.999, 0.0, sigmoid((x - 1 / 255 - output) / s))
    return -np.log(above - below).sum(1)


def vae(h, key, image):
    if h.likelihood == "bernoulli":
        image = to_binary(h, key_for(key, "pixels"), image)
    noise = normal(key_for(key, "code"), len(image), h.latent_size)

    def terms(w):
        mean, log_sigma = posterior(w, image)
        output = image_of(w["decoder"], mean + np.exp(log_sigma) * noise)
        return {
            "decoder/nats": (1, vae_nats(h, output, image).mean()),
            "encoder/kl": (h.kl_weight, gaussian_kl(mean, log_sigma).mean()),
        }

    return terms


# The variational autoencoder with a discriminator's features


def features(w, x):
    """(logits, features), also of InfoGAN."""
    shown = np.tanh(linear(w["discriminator"]["hidden"], x))
    return linear(w["discriminator"]["score"], shown)[:, 0], shown


def feature_nats(h, shown, target):
    """-log N(target; shown, s^2 I)."""
    squares = np.square((shown - target) / h.feature_scale) / 2
    return (squares + np.log(2 * np.pi * h.feature_scale**2) / 2).sum(1).mean()


def vaegan_players(h, key, image):
    """(Weights -> mu, log sigma; weights -> images of codes; weights -> drawn images)."""
    noise = normal(key_for(key, "code"), len(image), h.latent_size)
    latent = normal(key_for(key, "latent"), len(image), h.latent_size)

    def rebuilt(w):
        mean, log_sigma = posterior(w, image)
        return image_of(w["generator"], mean + np.exp(log_sigma) * noise)

    return rebuilt, lambda w: image_of(w["generator"], latent)


def vaegan_encoder(h, key, image):
    rebuilt, _ = vaegan_players(h, key, image)

    def terms(w):
        error = feature_nats(h, features(w, rebuilt(w))[1], features(w, image)[1])
        kl = gaussian_kl(*posterior(w, image)).mean()
        return {"encoder/kl": (1, kl), "encoder/features": (1, error)}

    return terms


def vaegan_judged(real, rebuilt, drawn, both):
    """The discriminator's metrics of logits."""
    fake = np.concatenate([rebuilt, drawn]) if both else drawn
    kinds = {"real": real, "rebuilt": rebuilt, "fake": drawn}
    taken = {f"discriminator/{kind}": sigmoid(logits).mean() for kind, logits in kinds.items()}
    losses = {
        "discriminator/real_loss": cross_entropy(real, 1).mean(),
        "discriminator/fake_loss": cross_entropy(fake, 0).mean(),
    }
    return measured(taken | losses)


def vaegan_discriminator(h, key, image):
    rebuilt, drawn = vaegan_players(h, key, image)

    def terms(w):
        logits = [features(w, x)[0] for x in (image, rebuilt(w), drawn(w))]
        return {
            "of real": (h.real_weight, cross_entropy(logits[0], 1).mean()),
            "of rebuilt": (h.reconstructed_weight, cross_entropy(logits[1], 0).mean()),
            "of drawn": (1, cross_entropy(logits[2], 0).mean()),
            **vaegan_judged(*logits, h.reconstructed_weight),
        }

    return terms


def vaegan_generator(h, key, image):
    rebuilt, drawn = vaegan_players(h, key, image)
    discriminator, rest = vaegan_discriminator(h, key, image), 1 - h.feature_weight

    def terms(w):
        logits, shown = features(w, rebuilt(w))
        error = feature_nats(h, shown, features(w, image)[1])
        found = discriminator(w)
        game = {name: found[name] for name in ("of real", "of rebuilt", "of drawn")}
        sign = -1
        if h.adversarial_form == "non_saturating":
            sign = 1
            fooled = [cross_entropy(x, 1).mean() for x in (logits, features(w, drawn(w))[0])]
            game = dict(zip(game, [(0, 0), (h.reconstructed_weight, fooled[0]), (1, fooled[1])]))
        game = {name: (sign * rest * weight, value) for name, (weight, value) in game.items()}
        game[CONSTANT] = game.pop("of real")
        metrics = {
            "generator/game": sum(weight * value for weight, value in game.values()) / rest,
            "generator/spread": spread(image, drawn(w)),
        }
        return {
            **found,
            **measured(metrics),
            **game,
            "of real": (0, 0),
            "generator/features": (h.feature_weight, error),
        }

    return terms


# Autoencoders with an adversary on codes


def corrupted(h, key, image):
    if h.input_noise == "gaussian":
        return image + 2 * h.input_noise_level * normal(key, *image.shape)
    kept = uniform(key, *image.shape) >= h.input_noise_level
    return kept * (image + 1) / (1 - h.input_noise_level) - 1


def encoding(h, key, image):
    """Weights -> the encoder's outputs."""
    if h.posterior == "implicit":
        image = corrupted(h, key_for(key, "input"), image)
    return lambda w: linear(w["encoder"], image)


def coding(h, key, image):
    """Weights -> codes."""
    outputs = encoding(h, key, image)
    noise = normal(key_for(key, "code"), len(image), h.code_size)

    def codes(w):
        if h.code_prior == "categorical":
            return softmax(outputs(w))
        if h.posterior != "gaussian":
            return outputs(w)
        mean, log_sigma = np.split(outputs(w), 2, axis=1)
        return mean + np.exp(log_sigma) * noise

    return codes


def prior_draws(h, key, num):
    if h.code_prior == "gaussian":
        return h.prior_scale * normal(key, num, h.code_size)
    if h.code_prior == "categorical":
        return one_hot(category(key, num, h.code_size), h.code_size)
    component = category(key_for(key, "component"), num, h.components)
    return of_component(h, key_for(key, "place"), component)


def of_component(h, key, component):
    """A Gaussian of deviations 0.5 and 0.1, 1.4 from the origin, turned by its angle."""
    point = np.array([1.4, 0]) + np.array([0.5, 0.1]) * normal(key, len(component), 2)
    turn = np.exp(2j * np.pi * component / h.components) * (point @ [1, 1j])
    return h.prior_scale * np.stack([turn.real, turn.imag], axis=1)


def judging(h, key, shape, name="discriminator"):
    """(Weights, codes, what stands beside them) -> logits of discriminator `name`."""
    noise = h.discriminator_noise * normal(key_for(key, "noise"), *shape)
    return lambda w, codes, *given: scores(w[name], codes + noise, *given)


def code_moments(z):
    """The encoder's metrics of real codes."""
    error, variance = np.abs(z.mean(0)).mean(), z.var(0).mean()
    return measured({"encoder/code_mean_error": error, "encoder/code_var": variance})


def entropies(p):
    """(That of the mean, the mean of those) of distributions, the rows of p."""
    return -(p.mean(0) * np.log(p.mean(0))).sum(), -(p * np.log(p)).sum(1).mean()


def code_entropies(p):
    """The encoder's metrics of categorical codes."""
    usage, each = entropies(p)
    return measured({"encoder/usage_entropy": usage, "encoder/assignment_entropy": each})


def probabilities_of(name, real, fake):
    """The metrics of discriminator `name` of codes with these logits."""
    return measured({f"{name}/real": sigmoid(real).mean(), f"{name}/fake": sigmoid(fake).mean()})


def independent_nats(h, output, image):
    x = flat(image)
    if h.likelihood == "bernoulli":
        return cross_entropy(output, (x + 1) / 2).sum(1)
    return np.square(output - x).sum(1) / 2


def reduction(h, image):
    return 1 / image[0].size if h.reduction == "mean" else 1


def reconstruction(h, key, image, *given):
    codes = coding(h, key_for(key, "posterior"), image)

    def terms(w):
        z = codes(w)
        nats = independent_nats(h, image_of(w["decoder"], *given, z), image).mean()
        return {"decoder/nats": (reduction(h, image), nats), **code_moments(z)}

    return terms


def reconstruction_of_class(h, key, image, label):
    return reconstruction(h, key, image, one_hot(label, h.num_classes))


def code_discriminator(h, key, image):
    draws = prior_draws(h, key_for(key, "prior"), len(image))
    codes = coding(h, key_for(key, "posterior"), image)
    of_real, of_fake = (judging(h, key_for(key, which), draws.shape) for which in ("real", "fake"))

    def terms(w):
        real, fake = of_real(w, draws), of_fake(w, codes(w))
        return {
            "of prior": (1, cross_entropy(real, 1).mean()),
            "of codes": (1, cross_entropy(fake, 0).mean()),
            **probabilities_of("discriminator", real, fake),
        }

    return terms


def code_encoder(h, key, image):
    codes = coding(h, key_for(key, "posterior"), image)
    of_fake = judging(h, key_for(key, "fake"), (len(image), h.code_size))
    return lambda w: {"encoder/loss": (1, cross_entropy(of_fake(w, codes(w)), 1).mean())}


def informed_codes(h, key, image, labelled_image, label):
    """Weights -> logits of codes of no known class, and of those of a class."""
    codes = [
        coding(h, key_for(key, purpose), images)
        for purpose, images in (("posterior", image), ("labelled_posterior", labelled_image))
    ]
    classes = informed_classes(h, image, label)
    judges = [
        judging(h, key_for(key, purpose), (len(given), h.code_size))
        for purpose, given in zip(("unknown", "known"), classes)
    ]
    return lambda w: [judge(w, code(w), y) for judge, code, y in zip(judges, codes, classes)]


def informed_classes(h, image, label):
    unknown = np.full(len(image), h.components)
    return [one_hot(y, h.components + 1) for y in (unknown, label)]


def informed_discriminator(h, key, image, labelled_image, label):
    draws = [
        prior_draws(h, key_for(key, "prior"), len(image)),
        of_component(h, key_for(key, "component"), label),
    ]
    classes = informed_classes(h, image, label)
    judges = [
        judging(h, key_for(key, purpose), z.shape)
        for purpose, z in zip(("real", "labelled_real"), draws)
    ]
    of_codes = informed_codes(h, key_for(key, "fake"), image, labelled_image, label)
    count = len(image) + len(label)

    def terms(w):
        real, fake = [judge(w, *part) for judge, *part in zip(judges, draws, classes)], of_codes(w)
        return {
            **joint("prior", real, 1, count),
            **joint("codes", fake, 0, count),
            **probabilities_of("discriminator", np.concatenate(real), np.concatenate(fake)),
        }

    return terms


def informed_encoder(h, key, image, labelled_image, label):
    of_codes = informed_codes(h, key, image, labelled_image, label)
    return lambda w: joint("codes", of_codes(w), 1, len(image) + len(label))


def joint(name, logits, target, count):
    """A term for those of no known class and one for the others, in one mean."""
    return {
        f"of {name}, {which}": (1 / count, cross_entropy(part, target).sum())
        for which, part in zip(("unknown", "known"), logits)
    }


def of_label(logits, label, player="encoder", weight=1):
    nats = -np.log(softmax(logits)[np.arange(len(label)), label]).mean()
    right = (logits.argmax(1) == label).mean()
    return {f"{player}/supervised": (weight, nats), f"{player}/labelled_accuracy": (0, right)}


# PixelGAN


def of_binary(loss):
    """A loss of images, as one of binary images."""

    def binarising(h, key, image, *rest):
        return loss(h, key, binary(h, key_for(key, "pixels"), image), *rest)

    return binarising


def pixelgan_reconstruction(h, key, image):
    codes = coding(h, key_for(key, "posterior"), image)

    def terms(w):
        z = codes(w)
        nats = pixel_nats(h, pixels_of(w["decoder"], image, z), image).mean()
        of_codes = code_entropies if h.code_prior == "categorical" else code_moments
        return {"decoder/nats": (reduction(h, image), nats), **of_codes(z)}

    return terms


def pixelgan_supervised(h, key, image, label):
    logits = encoding(h, key_for(key, "posterior"), image)
    return lambda w: of_label(logits(w), label)


# The semi-supervised adversarial autoencoder


JUDGES = ("category_discriminator", "style_discriminator")


def two_codes(h, key, image):
    """Weights -> (probabilities, styles)."""
    outputs = encoding(h, key, image)

    def codes(w):
        logits, style = np.split(outputs(w), [h.num_classes], axis=1)
        return softmax(logits), style

    return codes


def semisupervised_reconstruction(h, key, image):
    codes = two_codes(h, key_for(key, "posterior"), image)

    def terms(w):
        probabilities, style = codes(w)
        output = image_of(w["decoder"], probabilities, style)
        return {
            "decoder/nats": (reduction(h, image), independent_nats(h, output, image).mean()),
            **code_entropies(probabilities),
            **code_moments(style),
        }

    return terms


def semisupervised_discriminators(h, key, image):
    prior = key_for(key, "prior")
    draws = (
        one_hot(category(key_for(prior, "category"), len(image), h.num_classes), h.num_classes),
        h.style_scale * normal(key_for(prior, "style"), len(image), h.style_size),
    )
    codes = two_codes(h, key_for(key, "posterior"), image)
    judges = [
        [judging(h, key_for(key, f"{name}/{which}"), z.shape, name) for which in ("real", "fake")]
        for name, z in zip(JUDGES, draws)
    ]

    def terms(w):
        found = {}
        for name, (of_real, of_fake), z, code in zip(JUDGES, judges, draws, codes(w)):
            real, fake = of_real(w, z), of_fake(w, code)
            losses = cross_entropy(real, 1).mean(), cross_entropy(fake, 0).mean()
            found |= {f"{name} of prior": (1, losses[0]), f"{name} of codes": (1, losses[1])}
            found |= {f"{name}/loss": (0, sum(losses)), **probabilities_of(name, real, fake)}
        return found

    return terms


def semisupervised_encoder(h, key, image):
    codes = two_codes(h, key_for(key, "posterior"), image)
    sizes = (h.num_classes, h.style_size)
    judges = [judging(h, key_for(key, n), (len(image), m), n) for n, m in zip(JUDGES, sizes)]
    names = ("encoder/category_loss", "encoder/style_loss")

    def terms(w):
        return {
            name: (1, cross_entropy(judge(w, code), 1).mean())
            for name, judge, code in zip(names, judges, codes(w))
        }

    return terms


def semisupervised_labels(h, key, image, label):
    noisy = corrupted(h, key_for(key, "input"), image)

    return lambda w: of_label(linear(w["encoder"], noisy)[:, : h.num_classes], label)


# AEGAN


def outside(w, *x):
    """What `linear` gives, outside of training."""
    return linear(w, *x) - TRAINING


def aegan_single(player, kind):
    """A discriminator's loss on one kind of batch, made by networks outside of training."""

    def loss(h, key, image):
        z = normal(key_for(key, "latent"), len(image), h.latent_size)

        def shown(w):
            made = image
            if kind in ("generated", "recoded"):
                made = np.tanh(outside(w["generator"], z))
            if kind == "reconstructed":
                made = np.tanh(outside(w["generator"], outside(w["encoder"], image)))
            if kind in ("encoded", "recoded"):
                made = outside(w["encoder"], made)
            return z if (player, kind) == ("latent", "real") else made

        def terms(w):
            logits = scores(w[f"{player}_discriminator"], shown(w))
            label = h.real_label if kind == "real" else h.fake_label
            name = f"{player}_discriminator/{kind}"
            loss = cross_entropy(logits, label).mean()
            return {f"{name}_loss": (1, loss), **measured({name: sigmoid(logits).mean()})}

        return terms

    return loss


def aegan_discriminator(player, *kinds):
    """Every kind of batch at once, what is real once for each kind of fake."""

    def loss(h, key, image):
        real = aegan_single(player, "real")(h, key, image)
        fakes = [
            aegan_single(player, kind)(h, key_for(key, f"{kind} loss"), image) for kind in kinds
        ]

        def terms(w):
            found = {
                name: (len(kinds) * weight, value) for name, (weight, value) in real(w).items()
            }
            for fake in fakes:
                found |= fake(w)
            return found

        return terms

    return loss


def aegan_pair(*played, model="aegan"):
    """Generator and encoder: eq. 6, and the games of what they make, all in training."""

    def loss(h, key, image):
        z = normal(key_for(key, "latent"), len(image), h.latent_size)
        norms = h.reconstruction == "norms"

        def terms(w):
            code = linear(w["encoder"], image)
            made = {"encoded": code, "reconstructed": image_of(w["generator"], code)}
            made["generated"] = image_of(w["generator"], z)
            made["recoded"] = linear(w["encoder"], made["generated"])
            found = {}
            if model != "gan":
                error = np.abs(made["reconstructed"] - flat(image))
                error = error.sum(1).mean() if norms else error.mean()
                found["generator/image"] = (h.image_weight, error)
            if model == "aegan":
                squares = np.square(made["recoded"] - z)
                error = np.sqrt(squares.sum(1)).mean() if norms else squares.mean()
                found["encoder/latent"] = (h.latent_weight, error)
            if "generated" in played:
                found |= measured({"generator/spread": spread(image, made["generated"])})
            for kind in played:
                of_images = kind in ("generated", "reconstructed")
                player = "image" if of_images else "latent"
                logits = scores(w[f"{player}_discriminator"], made[kind])
                term = cross_entropy(logits, 1.0).mean()
                if h.adversarial_form == "minimax":
                    term = -cross_entropy(logits, 0.0).mean()
                weights = h.image_adversarial_weight, h.latent_adversarial_weight
                found[f"generator/{kind}"] = (weights[not of_images], term)
            return found

        return terms

    return loss

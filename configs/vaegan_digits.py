r"""VAE/GAN on the 8x8 digits that scikit-learn ships (Larsen et al. 2016, arXiv:1512.09300).

    python -m jaxgen.main --config=configs/vaegan_digits.py --workdir=runs/vaegan_digits

By `--mode=evaluate` on 299 test digits, seed 0: reconstructions with a mean absolute error of 0.164
and a sharpness of 0.97, a Frechet distance of 7.9, precision 0.91, recall 0.85; a line on codes
has 93.0 % right. Beside other encoders, by networks of layers: `encoders_digits.py:vaegan`.

Deviations: networks, data, length, the length of codes, gamma and the features' deviation are ours;
no others were tried.
Arguments: smoke.
"""

from configs import vaegans
from configs.vaegans import smoke as smoke


def get_config():
    config = vaegans.vaegan(8, num_steps=3000)
    config.networks.encoder.update(features=16, hidden_features=128)
    config.networks.generator.features = 8
    config.networks.discriminator.update(features=8, hidden_features=128)
    config.hparams.update(latent_size=16, feature_scale=0.2, feature_weight=1e-3)
    config.data.update(name="digits", validation=299)
    config.update(steps_per_dispatch=10, log_every=100)
    config.sample_every = config.checkpoint_every = 500
    return config

r"""VAE on the 8x8 digits that scikit-learn ships, in black and white (arXiv:1312.6114).

    python -m jaxgen.main --config=configs/vae_digits.py --workdir=runs/vae_digits

Ten seconds on two CPU cores. Seed 0, by `--mode=evaluate` on 299 test digits: -log p(x) of 17.64
nats an image by importance sampling, the bound 19.29 nats, of which the KL is 7.89. Samples and
reconstructions are means, so gray: a Frechet distance of 15.9, precision 0.97, recall 0.36, a mean
absolute error of reconstructions of 0.160 in [-1,1], and 0.86 by a linear classifier on the codes.
Seeds 0, 1, 2: 17.68 +- 0.05 nats, bound 19.29 +- 0.04. The length was chosen on 299 validation
digits (seed 0): 17.84 nats after 2500 steps, 17.51 after 5000, 17.43 after 6000; codes of 5 and 20
numbers, and layers of 100 and 400 units, end between 17.4 and 17.8. All numbers are ours.
Arguments: smoke.
"""

from configs import common


def get_config():
    config = common.vae(features=200, num_steps=5_000)
    config.hparams.latent_size = 10
    config.data.update(name="digits", batch_size=64, validation=299)
    config.update(steps_per_dispatch=20, log_every=100)
    config.sample_every = config.checkpoint_every = 1_000
    return config

r"""VAE/GAN on CelebA at 64x64 (Larsen et al. 2016, arXiv:1512.09300).

    python -m jaxgen.main --config=configs/vaegan_celeba.py --workdir=runs/vaegan_celeba

Networks, RMSProp, L2 and length, 250 epochs of 250 batches, are those of the authors' code
(github.com/andersbll/autoencoding_beyond_pixels, its last CelebA script), in which gamma is 1e-6.
The three terms of the discriminator are the paper's, with one weight; `:code` leaves
reconstructions out of the game, as that script does. An earlier one has all three, real images with
a weight of 3.9, gamma 1e-5 and 150 epochs from a rate of 0.02 / 64. Not run by us. Published: none
of our metrics; the paper compares attributes of faces on LFW.

Deviations: the rate falls to 0 in a line, in the code as 1 - t^0.75, to 1e-5 / 64. L2 of 1e-5 is
there added to gradients that are summed over a batch, here to their means, so divided by 64, and it
is of all parameters. The code's crop is closer, and it moves, turns and recolors its images at
random; here they are mirrored.
Data: TFDS celeb_a, or `--config.data.name=FOLDER` with aligned images of 178x218.
Arguments: code, smoke.
"""

from configs import vaegans
from configs.vaegans import smoke as smoke


def get_config(code: bool = False):
    config = vaegans.vaegan(64, num_steps=250 * 250, weight_decay=1e-5 / 64)
    config.hparams.feature_weight = 1e-6
    if code:
        config.hparams.reconstructed_weight = 0.0
    config.data.update(name="tfds:celeb_a", flip=True, resize="celeba")
    config.update(log_every=250, sample_every=2_500, checkpoint_every=2_500)
    return config

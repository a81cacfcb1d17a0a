r"""Conditional GAN at 64x64 on a folder of images by class (Mirza and Osindero, arXiv:1411.1784).

    python -m jaxgen.main --config=configs/cgan_folder.py --config.data.name=PATH \
        --workdir=runs/cgan_folder

The classes are the subfolders of PATH, or of its subfolder "train", and there must be two or more.
Images are cropped to a square and scaled. `--config.data.image_size=128` is all that another size
needs: 4 or 7 times a power of two. Not run by us at full length.

Deviations: the loss is the paper's. Its networks are fully connected ones for MNIST; here they are
those of DCGAN (arXiv:1511.06434), with its optimiser, latents and batches of 128, and the label
appended to latents and pixels, one-hot. That, and 20,000 steps, are ours.
Arguments: smoke.
"""

from configs import common


def get_config():
    optim = common.adam(2e-4, b1=0.5)
    config = common.game("cgan", networks="dcgan", optim=optim, num_steps=20_000)
    config.hparams.latent_prior = "uniform"
    config.data.update(name="./images", image_size=64, resize="center_crop", batch_size=128)
    return config

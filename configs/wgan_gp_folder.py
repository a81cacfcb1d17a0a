r"""WGAN-GP at 64x64 on any folder of images (Gulrajani et al. 2017, arXiv:1704.00028).

    python -m jaxgen.main --config=configs/wgan_gp_folder.py --config.data.name=PATH \
        --workdir=runs/wgan_gp_folder

Images are cropped to a square and scaled; subfolders become labels, which the evaluation uses.
`--config.data.image_size=128` is all that another size needs: 4 or 7 times a power of two. The
numbers are those of Algorithm 1: Adam 1e-4 with b1 0 and b2 0.9, penalty 10, five updates of the
critic; a step takes five batches, 320 images. Not run by us at full length.

Deviations: DCGAN's pair, without normalisation in the critic, batches of 64 and 50,000 steps are
ours; the ResNet pair of `wgan_gp_cifar10.py` keeps the depth that it has at 32x32.
Arguments: smoke.
"""

from configs import common


def get_config():
    optim = common.adam(1e-4, b1=0.0, b2=0.9)
    config = common.game("wgan_gp", networks="dcgan", optim=optim, num_steps=50_000)
    config.networks.critic.batch_norm = False
    config.data.update(name="./images", image_size=64, resize="center_crop")
    return config

r"""AEGAN on a folder of anime faces at 64x64: the paper's experiment.

    python -m jaxgen.main --config=configs/aegan_anime.py --config.data.name=PATH \
        --workdir=runs/aegan_anime

C. Lazarou, "Autoencoding Generative Adversarial Networks", 2020, arXiv:2004.05472: 300,000 steps as
its code counts them (75,000 blocks of four) with batches of 16 on 21,552 faces and their mirror
images. It gives no figures: with the same generator a GAN collapsed in six runs of six, AEGAN in
none. Not run by us at full length.

Deviations: images are mirrored at random, and none is held out but what a folder's test split or
every tenth image is; the code holds a tenth out after mirroring, so that the twins of its test
images are trained on. PATH is any folder of images.
Arguments: aegan (the default), gan, ae, aae, egan: the same networks with a part of the objective;
64 (the default), 32: a short run at 32 px, with a quarter of the channels, for a CPU; smoke.
"""

from typing import Literal

from configs import aegans
from configs.aegans import smoke as smoke


def get_config(model: aegans.Model = "aegan", image_size: Literal[64, 32] = 64):
    steps = 300_000 if image_size == 64 else 3_000
    config = aegans.aegan(model, image_size, steps=steps, batch_size=16, latent_size=32)
    for network in config.networks.values():
        if image_size == 32 and "multiples" in network:
            network.features = 16
    config.data.update(name="./images", flip=True, resize="center_crop")
    return config

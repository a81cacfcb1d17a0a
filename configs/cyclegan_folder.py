r"""CycleGAN between two folders of images, by the published recipe.

    python -m jaxgen.main --config=configs/cyclegan_folder.py --config.data.name=HORSES \
        --config.data.other_name=ZEBRAS --workdir=runs/zebras

J.-Y. Zhu et al. 2017, arXiv:1703.10593: images of 286 px of which windows of 256 px are cut,
mirrored at random, one at a time; Adam at 2e-4 with b1 0.5, 100 epochs and 100 more in which the
rate falls to 0. Epochs are of the 1,334 zebras: set num_steps and the schedules for others.
Published, from memory, of maps and of street scenes at 256 px: 26.8 +- 2.8 % of the photographs
made of maps, and 23.2 +- 3.4 % of the maps made of photographs, are taken for real by people; an
FCN finds 52 % of the pixels' labels again in street scenes made of them. Not run by us.

Deviations: neither score is here.
Arguments: smoke.
"""

from configs import common, cycles
from configs.cycles import smoke as smoke

_STEPS_PER_EPOCH = 1_334  # of the larger domain, zebras


def get_config():
    steps = 200 * _STEPS_PER_EPOCH
    schedule = common.linear(steps // 2, steps)
    config = cycles.cyclegan(features=64, depth=9, patches=3, num_steps=steps, schedule=schedule)
    config.data.update(
        name="./first", other_name="./other", image_size=256, load_size=286, channels=3
    )
    config.data.update(batch_size=1, flip=True)
    config.update(log_every=100)
    config.sample_every = config.checkpoint_every = _STEPS_PER_EPOCH
    return config

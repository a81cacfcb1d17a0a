r"""CycleGAN between two classes of scikit-learn's digits, 0 and 1, enlarged to 16x16.

    python -m jaxgen.main --config=configs/cyclegan_digits.py --workdir=runs/cyclegan_digits

J.-Y. Zhu et al. 2017, arXiv:1703.10593, with the numbers of its authors' code. Seed 0, by
`--mode=evaluate` on 37 test digits: a classifier of the two takes every translation for the other
class; Frechet distances of translations to it are 20.0 (ones) and 2.3 (zeros), of untranslated
digits 501; the error after both translations is 0.085 and 0.070 in [-1,1]. Other classes:
`--config.data.keep_classes=3 --config.data.other_classes=8`.

Deviations: data, length, batches, narrow networks with two residual blocks and patches of 16 px.
Arguments: smoke.
"""

from configs import cycles
from configs.cycles import smoke as smoke


def get_config():
    config = cycles.cyclegan(features=24, depth=2, patches=1, num_steps=1_500)
    config.data.update(name="digits", image_size=16, keep_classes="0", other_classes="1")
    config.data.batch_size = 8
    config.update(steps_per_dispatch=10, log_every=50)
    config.sample_every = config.checkpoint_every = 250
    return config

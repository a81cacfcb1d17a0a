r"""AGE on CelebA at 64x64 (Ulyanov et al. 2018, arXiv:1704.02304), the published recipe.

    python -m jaxgen.main --config=configs/age_celeba.py --workdir=runs/age_celeba

then the published fine-tuning epoch, with batches of 256 and an image weight of 15:

    python -m jaxgen.main --config=configs/age_celeba.py:finetune \
        --config.init_from=runs/age_celeba --workdir=runs/age_celeba_finetune

Published: the mean absolute error of 64 reconstructed validation images is 0.207 in [-1,1]
(measured on the repository's own picture; whether its model was fine-tuned is not said). Not run by
us.

Deviations: the paper says two generator updates a step, the published recipe 3, as here. The
published command fine-tunes a file that its own first stage does not write (off by one).
Data: TFDS celeb_a, or `--config.data.name=FOLDER` with aligned images of 178x218.
Arguments: finetune, no_reconstruction, latent_only, generator_image, smoke.
"""

from configs import common

_TRAINING_IMAGES = 162_770


def get_config(finetune: bool = False, ablations: tuple[common.Ablation, ...] = ()):
    batch_size = 256 if finetune else 64
    epoch = _TRAINING_IMAGES // batch_size
    config = common.age(
        64,
        num_steps=epoch if finetune else 5 * epoch,
        halve_at=() if finetune else (4 * epoch,),
        image_weight=15.0 if finetune else 10.0,
        ablations=ablations,
    )
    config.hparams.update(latent_size=64, generator_updates=3)
    config.data.update(name="tfds:celeb_a", resize="celeba", batch_size=batch_size)
    return config

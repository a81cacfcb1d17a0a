r"""AGE on MNIST, enlarged to 32x32 (Ulyanov et al. 2018, arXiv:1704.02304).

    python -m jaxgen.main --config=configs/age_mnist.py --workdir=runs/age_mnist

Also for data of the same shape: `--config.data.name=tfds:fashion_mnist`. Not run by us at
full length.

Deviations: no recipe is published. The weights are those of CIFAR-10, 25 epochs with a halving
every 5 the published script's defaults, and the latent size is ours.
Arguments: no_reconstruction, latent_only, generator_image, smoke.
"""

from configs import age_base


def get_config(arg=""):
    config, words = age_base.get_age(
        image_size=32,
        channels=1,
        latent_size=32,
        steps_per_epoch=60_000 // 64,
        epochs=25,
        drop_every=5,
        arg=arg,
    )
    config.data.name = "tfds:mnist"
    return age_base.finish(config, words)

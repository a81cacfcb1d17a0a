r"""AEGAN on MNIST at 28x28, in the configuration that the history of its code holds.

    python -m jaxgen.main --config=configs/aegan_mnist.py --workdir=runs/aegan_mnist

github.com/ConorLazarou/AEGAN-keras (arXiv:2004.05472): weights of 5 for both reconstructions, 1e-3
for the discriminators, which have full rectifiers, codes of 16 numbers, batches of 32. Not run by
us.

Deviations: the length is ours, and digits are bright on dark; the code negates them.
Arguments: aegan (the default), gan, ae, aae, egan: the same networks with a part of the objective;
smoke.
"""

from configs import aegans
from configs.aegans import smoke as smoke


def get_config(model: aegans.Model = "aegan"):
    config = aegans.aegan(
        model, 28, steps=50_000, batch_size=32, latent_size=16, discriminator_rate=1e-3
    )
    if model != "ae":
        config.hparams.update(image_weight=5.0, latent_weight=5.0)
    for name in ("image_discriminator", "latent_discriminator"):
        config.networks[name].slope = 0.0
    config.networks.image_discriminator.kernel_size = 4
    config.data.name = "tfds:mnist"
    return config

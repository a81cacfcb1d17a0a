r"""Gated PixelCNN on CIFAR-10 (van den Oord et al. 2016, arXiv:1606.05328).

    python -m jaxgen.main --config=configs/pixelcnn_cifar10.py --workdir=runs/pixelcnn_cifar10

Published: 3.03 bits a dimension on the test set. The paper gives its layers for ImageNet only
(20 of 5x5, 384 maps, 32 GPUs for 60 hours); here are 128 maps, for one accelerator. `:mixture` has
PixelCNN++'s output (arXiv:1701.05517) in the place of the 256-way softmax. Not run by us at full
length.

Deviations: sizes, rate and length are ours; the channels of a pixel, see `models.pixelcnn`.
Arguments: class_conditional, mixture, smoke.
"""

from configs import pixelcnn_base


def get_config(arg=""):
    config, words = pixelcnn_base.get_pixelcnn(
        output="categorical",
        image_size=32,
        channels=3,
        features=128,
        depth=16,
        kernel_size=5,
        learning_rate=4e-4,
        num_steps=200_000,
        arg=arg,
        extra=("mixture",),
    )
    if "mixture" in words:
        config.hparams.output = "logistic_mixture"
    config.optim.decoder.drop_at = (100_000, 150_000)
    config.ema.decoder = 0.9995
    config.data.name = "tfds:cifar10"
    config.data.batch_size = 64
    config.data.flip = True
    config.sample_every = config.checkpoint_every = 5000
    return pixelcnn_base.finish(config, words)

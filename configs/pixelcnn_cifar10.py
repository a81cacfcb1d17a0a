r"""Gated PixelCNN on CIFAR-10 (van den Oord et al. 2016, arXiv:1606.05328).

    python -m jaxgen.main --config=configs/pixelcnn_cifar10.py --workdir=runs/pixelcnn_cifar10

Published: 3.03 bits a dimension on the test set. The paper gives its layers for ImageNet only
(20 of 5x5, 384 maps, 32 GPUs for 60 hours); here are 128 maps, for one accelerator. `:mixture` has
PixelCNN++'s output (arXiv:1701.05517) in the place of the 256-way softmax. Not run by us at full
length.

Deviations: sizes, rate and length are ours; training images are mirrored at random; the channels of
a pixel, see `models.pixelcnn`.
Arguments: class_conditional, mixture, smoke.
"""

from configs import common


def get_config(class_conditional: bool = False, mixture: bool = False):
    config = common.pixelcnn(
        class_conditional=class_conditional,
        output="logistic_mixture" if mixture else "categorical",
        optim=common.adam(4e-4, schedule=common.piecewise(100_000, 150_000)),
        num_steps=200_000,
        features=128,
        depth=16,
        kernel_size=5,
    )
    config.ema.decoder = 0.9995
    config.data.update(name="tfds:cifar10", flip=True)
    config.sample_every = config.checkpoint_every = 5000
    return config


def smoke(config):
    config.networks.decoder.update(depth=2, mixtures=2)

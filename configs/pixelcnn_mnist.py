r"""Gated PixelCNN on binary MNIST (van den Oord et al. 2016, arXiv:1606.05328).

    python -m jaxgen.main --config=configs/pixelcnn_mnist.py --workdir=runs/pixelcnn_mnist

A first layer of 7x7 and 12 of 5x5 see all of the image; 32 maps. Each gray pixel is a probability,
drawn again at every step. 100 epochs of 50,000 images; 10,000 are held out, as in the published
set. Published, on the fixed binarised set or on such draws: 81.3 nats (PixelCNN, arXiv:1601.06759),
about 79 to 82 for gated ones of this size in public codes. Not run by us at full length.

Deviations: the paper has no MNIST experiment. Depth and kernels are those of PixelVAE's decoder
(arXiv:1611.05013, its code's readme), Adam at 1e-3, halved three times, is ours.
`:shallow` sees nine pixels and thresholds, for comparison with `pixelgan_ae_mnist_gaussian.py`.
Arguments: class_conditional, shallow, smoke.
"""

from configs import common


def get_config(class_conditional: bool = False, shallow: bool = False):
    epoch = 50_000 // 128
    schedule = common.piecewise(50 * epoch, 70 * epoch, 90 * epoch)
    config = common.pixelcnn(
        class_conditional=class_conditional,
        output="bernoulli",
        optim=common.adam(1e-3, schedule=schedule),
        num_steps=100 * epoch,
        features=32,
        depth=4 if shallow else 13,
        kernel_size=5,
    )
    config.hparams.binarise = "threshold" if shallow else "sample"
    config.data.update(name="tfds:mnist", batch_size=128, validation=10_000)
    config.sample_every = config.checkpoint_every = 1000
    return config


def smoke(config):
    config.networks.decoder.update(depth=2, mixtures=2)

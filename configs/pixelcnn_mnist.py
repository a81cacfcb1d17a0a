r"""Gated PixelCNN on binary MNIST (van den Oord et al. 2016, arXiv:1606.05328).

    python -m jaxgen.main --config=configs/pixelcnn_mnist.py --workdir=runs/pixelcnn_mnist

A first layer of 7x7 and 12 of 5x5 see all of the image; 32 maps. Each gray pixel is a probability,
drawn anew at every step. Published, on the fixed binarised set or on such draws: 81.3 nats
(PixelCNN, arXiv:1601.06759), about 79 to 82 for gated ones of this size in public codes. Not run by
us at full length.

Deviations: the paper has no MNIST experiment. Depth and kernels are those of PixelVAE's decoder
(arXiv:1611.05013, its code's readme), Adam at 1e-3, halved three times, is ours.
`:shallow` sees nine pixels and thresholds, for comparison with `pixelgan_ae_mnist_gaussian.py`.
Arguments: class_conditional, shallow, smoke.
"""

from configs import pixelcnn_base


def get_config(arg=""):
    epoch = 60_000 // 128
    shallow = "shallow" in arg.split(",")
    config, words = pixelcnn_base.get_pixelcnn(
        output="bernoulli",
        image_size=28,
        channels=1,
        features=32,
        depth=4 if shallow else 13,
        kernel_size=5,
        learning_rate=1e-3,
        num_steps=100 * epoch,
        arg=arg,
        extra=("shallow",),
    )
    config.optim.decoder.drop_at = (50 * epoch, 70 * epoch, 90 * epoch)
    config.hparams.binarise = "threshold" if shallow else "sample"
    config.data.name = "tfds:mnist"
    config.data.batch_size = 128
    config.sample_every = config.checkpoint_every = 1000
    return pixelcnn_base.finish(config, words)

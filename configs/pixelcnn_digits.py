r"""PixelCNN on the 8x8 digits that scikit-learn ships, 16x16, in black and white.

    python -m jaxgen.main --config=configs/pixelcnn_digits.py --workdir=runs/pixelcnn_digits

A run of minutes on two CPU cores. All numbers are ours.
Arguments (after a colon): class_conditional, smoke.
"""

from configs import pixelcnn_base


def get_config(arg=""):
    config, words = pixelcnn_base.get_pixelcnn(
        output="bernoulli",
        image_size=16,
        channels=1,
        features=32,
        depth=6,
        kernel_size=3,
        learning_rate=1e-3,
        num_steps=1500,
        arg=arg,
    )
    config.optim.decoder.drop_at = (1000, 1250)
    config.ema.decoder = 0.99
    config.data.name = "digits"
    config.steps_per_dispatch = 10
    config.log_every = 100
    config.sample_every = 500
    config.checkpoint_every = 500
    return pixelcnn_base.finish(config, words)

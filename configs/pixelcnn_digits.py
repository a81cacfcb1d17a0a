r"""PixelCNN on the 8x8 digits that scikit-learn ships, 16x16, in black and white.

    python -m jaxgen.main --config=configs/pixelcnn_digits.py --workdir=runs/pixelcnn_digits

Two minutes on two CPU cores. Seeds 0, 1, 2, on 299 test digits: 37.4 +- 0.2 nats an image, 0.211 +-
0.001 bits a pixel. The length was chosen on 299 validation digits (seed 0): 39.5 nats after 300
steps, 38.3 after 400, 37.2 after 600 and 800, each with its own schedule; much longer training
overfits. All numbers are ours. `:shallow` is
one layer at 8x8, which sees three pixels, for comparison with `pixelgan_ae_digits_gaussian.py`.
Arguments (after a colon): class_conditional, shallow, smoke.
"""

from configs import common


def get_config(class_conditional: bool = False, shallow: bool = False):
    halve_at = (1000, 1250) if shallow else (300, 450)
    config = common.pixelcnn(
        class_conditional=class_conditional,
        output="bernoulli",
        optim=common.adam(1e-3, schedule=common.piecewise(*halve_at)),
        num_steps=1500 if shallow else 600,
        features=16 if shallow else 32,
        depth=1 if shallow else 6,
    )
    config.ema.decoder = 0.99
    config.data.update(name="digits", image_size=8 if shallow else 16, validation=299)
    config.steps_per_dispatch = 10
    config.sample_every = config.checkpoint_every = 500 if shallow else 200
    return config


def smoke(config):
    config.networks.decoder.update(depth=2, mixtures=2)

r"""VAE on binary MNIST at 28x28 (Kingma, Welling 2013, arXiv:1312.6114).

    python -m jaxgen.main --config=configs/vae_mnist.py --workdir=runs/vae_mnist

Layers of 784, 400 and 20 units, Adam at 1e-3 and batches of 128, as in the usual public code
(pytorch/examples, vae). Each gray pixel is a probability, drawn again at every step; 10,000 of the
training images are held out; 100 epochs. Not run by us. Published: the paper has curves alone, by
which -log p(x) is at most about 100 nats with 20 latents (from memory; gray targets). Burda et al.
(arXiv:1509.00519, table 1, from memory), on such draws, by 5000 importance samples: 86.8 nats of a
VAE of 50 latents and two layers of 200 tanh units, trained 3280 epochs. To compare,
`--config.hparams.importance_samples=5000`.

Deviations: the paper's 500 tanh units, Adagrad, minibatches of 100 and weight decay are not here;
the public code has gray targets, which are no likelihood (`--config.hparams.binarise=none`), and 10
epochs.
Arguments: smoke.
"""

from configs import common

_STEPS_PER_EPOCH = 50_000 // 128


def get_config():
    config = common.vae(features=400, num_steps=100 * _STEPS_PER_EPOCH)
    config.hparams.binarise = "sample"
    config.data.update(name="tfds:mnist", batch_size=128, validation=10_000)
    config.log_every = _STEPS_PER_EPOCH
    config.sample_every = config.checkpoint_every = 10 * _STEPS_PER_EPOCH
    return config

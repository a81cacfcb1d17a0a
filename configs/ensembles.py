"""Temporal ensembling's classifier, weights and rates, by epochs."""

from ml_collections import ConfigDict

from configs import common


def classifier(
    form: str,
    *,
    labelled: int,
    epochs: int,
    steps_per_epoch: int,
    learning_rate: float,
    ramp_epochs: int,
    network: dict,
) -> ConfigDict:
    """form: "temporal", "pi" or "labels", which learns from labelled images alone.

    The rate rises in a line for `ramp_epochs`, then falls as a cosine to 0.
    """
    num_steps, ramp = epochs * steps_per_epoch, ramp_epochs * steps_per_epoch
    schedule = {"name": "cosine", "warmup_steps": ramp, "decay_steps": num_steps}
    networks = {"classifier": {"module": "temporal_ensembling.Classifier", **network}}
    optim = {"classifier": common.adam(learning_rate, schedule=schedule)}
    config = common.experiment("temporal_ensembling", networks, optim, num_steps)
    config.hparams.update(
        form="pi" if form == "pi" else "temporal",
        consistency_weight={"temporal": 30.0, "pi": 100.0, "labels": 0.0}[form],
        ramp_steps=ramp,
    )
    config.data.update(labelled=labelled, batch_size=100)
    return config

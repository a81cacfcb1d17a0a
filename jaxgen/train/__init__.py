"""Floor 3: what drives a step: devices, the loop, checkpoints and metric writers."""

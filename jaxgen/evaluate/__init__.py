"""Floor 3: what a trained model is worth. Takes arrays and functions, never configs."""

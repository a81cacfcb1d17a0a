"""Linen modules: layers and the networks of the papers."""

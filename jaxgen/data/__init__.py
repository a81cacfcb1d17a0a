"""Images: decoded once to uint8 arrays, ordered by (seed, step), scaled inside the step."""

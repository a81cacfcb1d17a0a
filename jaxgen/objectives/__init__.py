"""Floor 2: one paper a file, the same public names in each. Imports core and losses only."""

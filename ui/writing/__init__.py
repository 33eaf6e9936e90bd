"""What the prompt box shows while somebody types: counts, checks, completion, styles, history."""

"""A training as its folder tells it: what was measured, drawn and kept on its way."""

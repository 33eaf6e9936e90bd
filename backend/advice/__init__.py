"""What to change when a picture disappoints, or would: rules on settings, without a model."""

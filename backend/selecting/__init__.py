"""Finding the outline of what somebody clicks on, without a model."""

"""Help when a picture disappoints, or would."""

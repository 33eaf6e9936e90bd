"""The published component configs of each family, so that single files load without a network."""

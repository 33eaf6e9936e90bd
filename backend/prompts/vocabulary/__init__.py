"""Published vocabularies, so that single files load without a network."""

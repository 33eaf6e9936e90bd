"""Steering a drawing by pictures: maps, the models that follow them, and what they say to it."""

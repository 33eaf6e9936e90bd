"""Recognising what a model file is from its header alone."""

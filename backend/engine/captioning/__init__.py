"""Describing pictures in words."""

"""Samplers: how noise becomes latents. Each file registers one; `registry.samplers` finds it."""

"""The language of prompts: what a text means, read without a model."""

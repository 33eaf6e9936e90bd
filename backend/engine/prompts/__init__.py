"""From words to tokens."""

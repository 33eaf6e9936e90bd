"""Model families: what differs between kinds of checkpoints. Each file registers one."""

"""Work that waits, runs or ended: the journal, the queue, running views and the feed."""

"""The verbs that a user has, whatever door they come through."""

"""Who may come in: passwords, sessions, and requests that other sites send behind one's back."""

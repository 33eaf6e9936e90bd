"""The running server: its options, ports, addresses, public link and life."""

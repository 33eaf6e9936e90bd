"""Doors to Studio besides the page: HTTP routes, MCP and the command line."""

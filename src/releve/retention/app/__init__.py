"""Retention on Django: rows, and the desk that writes them."""

"""The crisis on Django: rows, the desk that writes them, pages."""

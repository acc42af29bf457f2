"""The journal against its enemies."""

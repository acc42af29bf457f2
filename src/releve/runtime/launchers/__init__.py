"""Small programs that run as root for one act each, started by ``runtime.gate`` and nobody else.

Each is given descriptors already open, accepts only what its owner could reach without it, and
leaves nothing behind when its standard input closes.
"""

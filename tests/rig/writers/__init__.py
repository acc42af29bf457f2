"""One module per writer that acknowledges; the contract is in :mod:`tests.rig`."""

"""The vault's pages and its jobs: Django's side of the capability."""

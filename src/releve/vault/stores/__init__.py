"""Where received objects lie: one adapter per kind of storage."""

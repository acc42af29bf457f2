"""The vault: backups kept, read, and proved to restore."""

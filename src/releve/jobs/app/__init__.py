"""The Django side of jobs: ``models``, ``store`` (the table), ``tasks`` (``@task``), ``worker``."""

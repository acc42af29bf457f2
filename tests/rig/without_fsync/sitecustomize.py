"""The mutant: put on ``PYTHONPATH`` by the rig, it makes fsync empty in a writer's processes."""

import os


def _nothing(_descriptor: object) -> None:
    return None


vars(os).update(fsync=_nothing, fdatasync=_nothing)

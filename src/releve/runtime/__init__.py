"""The only place where real objects are built from settings, one small file per part.

Parts (``signer``, ``receiver``, ``worker``, ``web``) are processes that ``supervisor`` starts and
restarts; ``gate`` is the root parent that starts everything else without root, ``launchers`` the
few things that need root for one act and drop at once.
"""

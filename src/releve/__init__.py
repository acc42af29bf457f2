"""Relève keeps a hospital caring for its patients when its information system goes down."""

__version__ = "0.1.0"

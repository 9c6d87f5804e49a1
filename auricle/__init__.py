"""Auricle: an open, self-hosted clinical voice platform."""

__version__ = "0.1.0"

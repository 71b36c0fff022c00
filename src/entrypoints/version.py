"""Which Bursar this is."""

from importlib.metadata import version

VERSION = version("bursar")

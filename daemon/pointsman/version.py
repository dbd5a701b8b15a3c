"""Which Pointsman this is."""

VERSION = "0.1.0"

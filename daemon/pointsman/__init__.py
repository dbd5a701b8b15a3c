"""Pointsman: one local endpoint for every AI tool."""

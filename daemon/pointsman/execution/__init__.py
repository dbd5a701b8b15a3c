"""Doing what was decided: one upstream call at a time, until one brings content."""

"""The dialects, without I/O: the only place that knows JSON field names."""

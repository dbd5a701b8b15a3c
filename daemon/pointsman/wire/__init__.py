"""Chat requests and answers in each dialect, without I/O."""

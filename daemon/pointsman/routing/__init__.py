"""Who may answer and in which order: pure functions of frozen values."""

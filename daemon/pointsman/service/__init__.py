"""The daemon in the background: what the service manager is given, what it hands over, what it is told."""

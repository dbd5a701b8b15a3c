"""Life under a service manager: what it hands over, what it is told."""

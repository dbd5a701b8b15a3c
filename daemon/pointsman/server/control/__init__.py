"""What the daemon tells of itself to its CLI, its tray and its page; a file a topic."""

"""The tray icon: a glance at the daemon, from outside."""

"""A file a command: `arguments(parser)` and `run(args, shell) -> exit code`."""

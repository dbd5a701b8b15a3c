"""The command line: it speaks to the daemon through the local API, as any other program."""

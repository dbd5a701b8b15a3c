"""The tray's entry point. The icon is not built yet."""

import sys


def main() -> int:
    print("The tray icon is not built yet. See `pointsman status` for what it would show.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

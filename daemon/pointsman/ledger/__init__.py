"""What was asked, decided, tried and paid, kept in one SQLite file that only this room opens."""

"""Finding what is there: one file a source, none knows the others; `sweep` asks them all."""

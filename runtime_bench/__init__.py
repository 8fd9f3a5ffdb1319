"""Running what was emitted: timing on the interpreters, boards and emulators, and the command line on top."""

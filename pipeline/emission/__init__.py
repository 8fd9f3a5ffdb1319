"""From a compressed model to the files of a firmware: typed facts, templates, a tree in memory."""

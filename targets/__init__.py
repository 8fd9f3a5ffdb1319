"""Facts of every board, one folder each (`<name>/target.toml`)."""

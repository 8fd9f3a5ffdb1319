"""Templates of every firmware family, one folder each, with its facts (`<name>/family.toml`)."""

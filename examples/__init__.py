"""Built-in examples: real data, a source model and a recipe each."""

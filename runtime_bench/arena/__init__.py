"""The arena of many networks, as TensorFlow Lite Micro plans it and as we do: `make bench-arena`."""

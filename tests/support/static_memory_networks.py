"""Architectures as the memory plan sees them: the four of MLPerf Tiny, and families of any number of layers."""

from __future__ import annotations

from support.static_sketches import IN_PLACE, Sketch


def keyword_spotting() -> Sketch:
    """The DS-CNN of MLPerf Tiny."""
    sketch = Sketch()
    x = sketch.window(sketch.input(49, 10, 1), 64, (10, 4), 2)
    for _ in range(4):
        x = sketch.window(sketch.depthwise(x), 64, 1)
    x = sketch.view(sketch.step([x], (1, 1, 64))[0], 64)
    x = sketch.step([x], (12,))[0]
    sketch.step([x], (12,), overlap=IN_PLACE)
    return sketch


def image_classification(has_ring: bool = True) -> Sketch:
    """The ResNet-8 of MLPerf Tiny."""
    sketch = Sketch()
    x = sketch.window(sketch.input(32, 32, 3), 16, 3)
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        y = sketch.window(x, channels, 3, stride, has_ring)
        y = sketch.window(y, channels, 3, has_ring=has_ring)
        if stride > 1:
            x = sketch.window(x, channels, 1, stride)
        x = sketch.step([x, y], sketch.values[y].shape, overlap=IN_PLACE)[0]
    x = sketch.view(sketch.step([x], (1, 1, 64))[0], 64)
    x = sketch.step([x], (10,))[0]
    sketch.step([x], (10,), overlap=IN_PLACE)
    return sketch


def person_detection() -> Sketch:
    """The MobileNetV1 0.25 96x96 of MLPerf Tiny."""
    sketch = Sketch()
    x = sketch.window(sketch.input(96, 96, 3), 8, 3, 2)
    pairs = ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *((128, 1),) * 5, (256, 2), (256, 1))
    for channels, stride in pairs:
        x = sketch.window(sketch.depthwise(x, stride), channels, 1)
    x = sketch.view(sketch.step([x], (1, 1, 256))[0], 256)
    x = sketch.step([x], (2,))[0]
    sketch.step([x], (2,), overlap=IN_PLACE)
    return sketch


def anomaly_detection() -> Sketch:
    """The autoencoder of MLPerf Tiny."""
    sketch = Sketch()
    x = sketch.input(640)
    for width in (128, 128, 128, 128, 8, 128, 128, 128, 128, 640):
        x = sketch.step([x], (width,))[0]
    return sketch


def line(layers: int) -> Sketch:
    """Convolutions of several widths and windows, some with scratch."""
    sketch = Sketch()
    x = sketch.input(12, 12, 8)
    for number in range(layers):
        x = sketch.window(x, (4, 8, 12, 8, 16)[number % 5], (1, 3, 3, 5)[number % 4])
        sketch.give_scratch((0, 100, 0, 64, 0, 0, 32)[number % 7])
    return sketch


def residuals(layers: int) -> Sketch:
    """Blocks of two convolutions and a sum."""
    sketch = Sketch()
    x = sketch.window(sketch.input(16, 16, 3), 16, 3)
    while len(sketch.steps) < layers:
        y = sketch.window(sketch.window(x, 16, 3), 16, 3)
        x = sketch.step([x, y], sketch.values[y].shape, overlap=IN_PLACE)[0]
    return sketch


def inverted_residuals(layers: int) -> Sketch:
    """Wide inside, narrow outside, and a sum."""
    sketch = Sketch()
    x = sketch.window(sketch.input(12, 12, 3), 8, 3)
    while len(sketch.steps) < layers:
        wide = sketch.depthwise(sketch.window(x, (24, 48, 32)[len(sketch.steps) % 3], 1))
        y = sketch.window(wide, 8, 1)
        x = sketch.step([x, y], sketch.values[y].shape, overlap=IN_PLACE)[0]
    return sketch


def inception(layers: int) -> Sketch:
    """Three branches, joined by their channels."""
    sketch = Sketch()
    x = sketch.window(sketch.input(10, 10, 3), 16, 3)
    while len(sketch.steps) < layers:
        narrow, wide = ((4, 8), (8, 12), (8, 8), (4, 12))[len(sketch.steps) % 4]
        parts = [
            sketch.window(x, narrow, 1),
            sketch.window(sketch.window(x, 8, 1), wide, 3),
            sketch.window(sketch.window(x, 4, 1), 8, 5),
        ]
        x = sketch.step(parts, (10, 10, sum(sketch.values[part].shape[2] for part in parts)))[0]
        x = sketch.window(x, 16, 1)
    return sketch


def squeeze_excite(layers: int) -> Sketch:
    """Channels that are weighed by what all pixels say, and a sum."""
    sketch = Sketch()
    x = sketch.window(sketch.input(10, 10, 3), 16, 3)
    while len(sketch.steps) < layers:
        y = sketch.depthwise(sketch.window(x, 48, 1))
        weights = y
        for width in (48, 12, 48):
            weights = sketch.step([weights], (width,))[0]
        y = sketch.step([y, weights], sketch.values[y].shape, overlap=IN_PLACE)[0]
        y = sketch.window(y, 16, 1)
        x = sketch.step([x, y], sketch.values[x].shape, overlap=IN_PLACE)[0]
    return sketch


def unet(layers: int) -> Sketch:
    """Levels down and up, each joined with its counterpart: as many as so many layers give, at most five."""
    sketch = Sketch()
    x = sketch.window(sketch.input(32, 32, 1), 8, 3)
    kept = []
    for level in range(min(layers // 6, 5)):
        x = sketch.window(x, 8 * (level + 1), 3)
        kept.append(x)
        rows, columns, channels = sketch.values[x].shape
        x = sketch.step([x], (rows // 2, columns // 2, channels))[0]
    for short in reversed(kept):
        rows, columns, channels = sketch.values[short].shape
        x = sketch.step([x], (rows, columns, sketch.values[x].shape[2]))[0]
        x = sketch.step([x, short], (rows, columns, sketch.values[x].shape[2] + channels))[0]
        x = sketch.window(x, channels, 3)
    return sketch

"""From a Keras model to an emitted tree: configuration, stages, artefacts, emission, report.

Nothing in this package imports `edgewright.runtime_bench`, and no module here imports TensorFlow when it is itself
imported: whatever needs TensorFlow imports it inside the function that does.
"""

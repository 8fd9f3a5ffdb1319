"""The static engine: a model's graph becomes plain C99 that computes what TensorFlow Lite Micro computes, to the bit.

Data flows one way: `reading` (typed graph -> program) -> `rewrites` (program -> program, each exact) -> `kernels`
(which C function computes a step, and its constants) -> `memory` (one arena) -> `emission` (what templates see).
"""

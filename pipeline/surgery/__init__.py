"""Changing the structure of a tf_keras model: nested models inlined, channels removed, layers factorized."""

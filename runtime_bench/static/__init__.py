"""Measuring the static engine on emulated cores: instructions by step, flash, RAM and stack of linked programs."""

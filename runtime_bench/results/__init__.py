"""The results of the examples: every technique alone, in chains, and what they are compared with."""

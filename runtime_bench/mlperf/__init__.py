"""The four architectures of MLPerf Tiny through conversion, plan, lint and bench: `make bench-mlperf`."""

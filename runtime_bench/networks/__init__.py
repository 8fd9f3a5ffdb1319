"""Networks with seeded weights that measurements and tests share: families at several sizes, and MLPerf Tiny's four."""

from __future__ import annotations

from edgewright.runtime_bench.networks.mlperf import MLPERF, Reference
from edgewright.runtime_bench.networks.obtaining import Network, obtain_network

__all__ = ["MLPERF", "Network", "Reference", "obtain_network"]

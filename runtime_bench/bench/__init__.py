"""The bench: what models cost on every engine at hand, with the interval of each figure, and how the engines agree.

    Plan -> measure -> Bench (bench.json) -> views -> bench.md and tables; two benches -> changes

Measurements that cannot be repeated are not printed as facts.
"""

from __future__ import annotations

from edgewright.runtime_bench.bench.baseline import Change, compare_benches, load_bench, require_common_model
from edgewright.runtime_bench.bench.measurement import Plan, measure
from edgewright.runtime_bench.bench.page import render_markdown
from edgewright.runtime_bench.bench.plan import Limits, choose_boards, choose_setups, open_candidates
from edgewright.runtime_bench.bench.report_section import report_section
from edgewright.runtime_bench.bench.samples import open_examination
from edgewright.runtime_bench.bench.schema import Bench, json_schema
from edgewright.runtime_bench.bench.table import render_view
from edgewright.runtime_bench.bench.view import changes_view, views

__all__ = [
    "Bench",
    "Change",
    "Limits",
    "Plan",
    "changes_view",
    "choose_boards",
    "choose_setups",
    "compare_benches",
    "json_schema",
    "load_bench",
    "measure",
    "open_candidates",
    "open_examination",
    "render_markdown",
    "render_view",
    "report_section",
    "require_common_model",
    "views",
]

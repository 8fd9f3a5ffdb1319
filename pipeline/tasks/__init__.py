"""Tasks: what a model is trained for and judged by. Adding one is one file and its entry in `TASKS`."""

from edgewright.pipeline.tasks.anomaly import ANOMALY
from edgewright.pipeline.tasks.classification import CLASSIFICATION
from edgewright.pipeline.tasks.multi_label import MULTI_LABEL
from edgewright.pipeline.tasks.objective import TASKS, Objective, TaskSettings, open_objective
from edgewright.pipeline.tasks.regression import REGRESSION
from edgewright.pipeline.tasks.task import Metric, Shape, Task

__all__ = [
    "ANOMALY",
    "CLASSIFICATION",
    "MULTI_LABEL",
    "REGRESSION",
    "TASKS",
    "Metric",
    "Objective",
    "Shape",
    "Task",
    "TaskSettings",
    "open_objective",
]

"""What TensorFlow Lite Micro executes for the same architectures, in million instructions of one inference.

Counted once under QEMU with gcc 12.2 -O2 and TFLM's own kernels, CMSIS-NN and esp-nn's generic C; where it says
"about", estimated from counts of single layers.
"""

from __future__ import annotations

from collections.abc import Mapping

TITLES: Mapping[str, str] = {
    "cortex-m4": "Cortex-M4 / TFLM with CMSIS-NN",
    "cortex-m55": "Cortex-M55 / TFLM with CMSIS-NN (Helium)",
    "cortex-m0plus": "Cortex-M0+ / TFLM's reference kernels",
    "rv32imc": "rv32imc / TFLM with esp-nn's generic C",
}
INTERPRETER: Mapping[tuple[str, str], str] = {
    ("cortex-m4", "keyword_spotting"): "7.70",
    ("cortex-m4", "image_classification"): "29.86",
    ("cortex-m4", "visual_wake_words"): "about 24",
    ("cortex-m4", "anomaly_detection"): "about 0.58",
    ("cortex-m55", "keyword_spotting"): "1.82",
    ("cortex-m55", "image_classification"): "4.91",
    ("cortex-m55", "visual_wake_words"): "about 6.6",
    ("cortex-m55", "anomaly_detection"): "about 0.29",
    ("cortex-m0plus", "keyword_spotting"): "72.0",
    ("cortex-m0plus", "image_classification"): "169",
    ("cortex-m0plus", "visual_wake_words"): "about 164",
    ("cortex-m0plus", "anomaly_detection"): "about 3.4",
    ("rv32imc", "keyword_spotting"): "25.8",
    ("rv32imc", "image_classification"): "96.4",
    ("rv32imc", "visual_wake_words"): "about 65",
    ("rv32imc", "anomaly_detection"): "about 2.45",
}

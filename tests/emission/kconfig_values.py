"""Reads a configuration with Espressif's own parser and prints what it finds; runs in an environment that has it.

Arguments: a Kconfig file, and the configuration. Printed is JSON: settings that do not exist, and the values of all
others that the configuration writes. What the parser complains about goes to standard error.
"""

import json
import sys
from pathlib import Path

from esp_kconfiglib import Kconfig

kconfig = Kconfig(sys.argv[1])
kconfig.load_config(sys.argv[2])
lines = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
names = {line.split("=")[0].removeprefix("CONFIG_") for line in lines if line.startswith("CONFIG_")}
values = {name: kconfig.syms[name].str_value for name in sorted(names) if name in kconfig.syms}
print(json.dumps({"missing": [name for name, _ in kconfig.missing_syms], "values": values}))

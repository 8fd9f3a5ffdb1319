# The command line of the clone; `make help` says what there is.
#
# What a user gives (target=, model=, ...) never becomes program text: each value is exported unexpanded as EW_<name>
# and recipes quote it, so that blanks, quotes and dollar signs in a path arrive as they were typed.
# Values count only when given to make itself: a `data` or `out` in the environment belongs to someone else.

PYTHON ?= python3
PACKAGES := pipeline runtime_bench targets firmware_templates examples
TARGETS := $(patsubst targets/%/target.toml,%,$(sort $(wildcard targets/*/target.toml)))
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
PYTEST := $(BIN)/pytest --timeout=1800
# A file's tests share its fixtures and stay together; tests/conftest.py says which files come first.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder
FAST := not slow and not full
space := $(subst ,, )
comma := ,

# ---- values and switches -------------------------------------------------------------------------------------------

VALUES := target family runtime prefix selftest model data recipe tflite labels seed out port models baseline \
  elf core baud samples
SWITCHES := trust force dry fix upgrade
GOALS := build run targets flash monitor aar bench test test-full test-tflm results bench-arena bench-mlperf bench-static \
  check golden lock toolchains wheel clean distclean help

from_make := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
CAPITALS := $(addsuffix %,A B C D E F G H I J K L M N O P Q R S T U V W X Y Z)
unknown := $(filter-out $(VALUES) $(SWITCHES) $(CAPITALS) -% .% \_%,$(from_make))
ifneq ($(unknown),)
$(error $(firstword $(unknown))= is not known here; the variables are $(addsuffix =,$(VALUES) $(SWITCHES)))
endif

given = $(if $(filter command,$(origin $1)),$(value $1))
value_option = $(if $(call given,$2),$1 "$$EW_$2")
switch_option = $(if $(filter 1,$(call given,$2)),$1)
$(foreach name,$(SWITCHES),$(if $(filter-out 0 1,$(call given,$(name))),$(error $(name)= takes 1 for yes or 0 for no)))

$(foreach name,$(VALUES),$(eval export EW_$(name) := $$(call given,$(name))))
export EW_PYTHON := $(value PYTHON)
export EW_TFLM := $(value TFLM)
export EW_TFLM_LIB := $(value TFLM_LIB)
export EW_CLONE := $(CURDIR)
export EW_GOALS := $(MAKECMDGOALS)
# Neither the values nor make's own flags reach the tools that a recipe runs: idf.py and cmake call make again.
unexport $(VALUES) $(SWITCHES) PYTHON TFLM TFLM_LIB MAKEFLAGS MFLAGS PIP_USER PIP_TARGET PIP_PREFIX
MAKEOVERRIDES :=

.DEFAULT_GOAL := $(if $(filter $(VALUES) $(SWITCHES),$(from_make)),build,help)
.PHONY: $(GOALS) lint types again
.NOTPARALLEL:
.DELETE_ON_ERROR:
.SUFFIXES:

# ---- what the goals need -------------------------------------------------------------------------------------------

goals := $(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))
listed_targets := $(subst $(space),$(comma)$(space),$(TARGETS))
ifneq ($(filter build run flash monitor aar,$(goals)),)
ifeq ($(call given,target),)
$(error target= is missing: make target=NAME, with one of $(listed_targets))
endif
endif
ifneq ($(filter bench,$(goals)),)
ifeq ($(call given,tflite)$(call given,target),)
$(error tflite= or target= is missing: make bench tflite=FILE, or make bench target=NAME for what is in build/NAME)
endif
else
ifneq ($(call given,baseline),)
$(error baseline= goes with the goal bench only, as an earlier bench.json)
endif
$(foreach name,elf core baud samples,$(if $(call given,$(name)),\
  $(error $(name)= goes with the goal bench only, which runs firmware on a device)))
endif
ifneq ($(filter targets,$(goals)),)
ifneq ($(call given,target),)
$(error target= does not go with the goal targets, which emits for all of them)
endif
endif
ifneq ($(call given,tflite),)
$(foreach name,model $(if $(filter bench,$(goals)),,recipe) trust dry,$(if $(call given,$(name)),\
  $(error $(name)= does not go with tflite=, which names a model that is compressed already)))
else ifneq ($(call given,labels),)
$(error labels= goes with tflite= only; the pipeline takes the labels of the data)
endif
ifneq ($(filter test-tflm,$(goals)),)
ifeq ($(value TFLM),)
$(error TFLM= is missing: make test-tflm TFLM=DIR [TFLM_LIB=FILE], your copy of TensorFlow Lite Micro and its archive)
endif
endif

# ---- build and flash -----------------------------------------------------------------------------------------------

place = --target "$$EW_target" $(call value_option,--family,family) $(call value_option,--out,out)
emission = $(place) $(call value_option,--runtime,runtime) $(call value_option,--prefix,prefix) $(call value_option,--selftest,selftest) \
  $(call value_option,--seed,seed) $(call switch_option,--force,force) $(call switch_option,--fix,fix)
from_tflite = $(call value_option,--inputs,data) $(call value_option,--labels,labels) -- "$$EW_tflite"
from_model = $(call value_option,--model,model) $(call value_option,--data,data) $(call value_option,--recipe,recipe) \
  $(call switch_option,--trust-model,trust) $(call switch_option,--dry-run,dry)

targets: export EW_target := all
run: running := --run
build run targets: .venv/run
	@$(BIN)/edgewright $(strip $(if $(call given,tflite),emit $(running) $(emission) $(from_tflite),build $(running) $(emission) $(from_model)))

flash monitor: .venv/run
	@$(BIN)/edgewright $@ $(strip $(place) $(call value_option,--port,port))

aar: .venv/run
	@$(BIN)/edgewright aar $(strip $(place))

measured = $(if $(call given,tflite),"$$EW_tflite","build/$$EW_target")
measuring = $(call value_option,--data,data) $(call value_option,--recipe,recipe) $(call value_option,--seed,seed) \
  $(call value_option,--port,port) $(call value_option,--baud,baud) $(call value_option,--elf,elf) \
  $(call value_option,--core,core) $(call value_option,--device-samples,samples) \
  $(call value_option,--baseline,baseline) $(call value_option,--out,out) $(call switch_option,--force,force)
bench: .venv/run
	@$(BIN)/edgewright bench $(strip $(measuring)) -- $(measured)

# ---- the environment -----------------------------------------------------------------------------------------------
# .venv/clone names the folder that .venv was made for; it is removed before anything is installed and written last.
# Without it, in a clone that was moved, without an interpreter, or for another PYTHON=, .venv is made anew.
# .venv/python says with which PYTHON= it was begun; a .venv without that file is someone else's and stays.

ifneq ($(file <.venv/clone),$(CURDIR))
anew := again
endif
ifeq ($(realpath $(BIN)/python),)
anew := again
endif
ifneq ($(origin PYTHON),file)
ifneq ($(file <.venv/python),$(value PYTHON))
anew := again
endif
endif

# Shell text. The search order of a better interpreter begins with the one that every release was run on.
repeat = $(if $(call given,target), target=$$EW_target)$(if $(MAKECMDGOALS), $$EW_GOALS)
refuse = { echo "$1" >&2; exit 2; }
define make_venv
version=$$("$$EW_PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null); \
case "$$version" in 3.10|3.11|3.12|3.13) ;; *) \
  for other in python3.11 python3.12 python3.13 python3.10 ''; do \
    if [ -n "$$other" ] && "$$other" -c 'import ensurepip, venv' 2>/dev/null; then break; fi; done; \
  first="make PYTHON=$${other:-python3.11}$(repeat)"; \
  [ -n "$$other" ] || first="apt-get install python3.11-venv && $$first"; \
  $(call refuse,edgewright needs Python 3.10 to 3.13 and $$EW_PYTHON is $${version:-not a Python that runs}; mend it with: $$first) ;; \
esac; \
"$$EW_PYTHON" -c 'import ensurepip, venv' 2>/dev/null || \
  $(call refuse,Python $$version cannot make virtual environments because its venv package is missing; mend it with: apt-get install python$$version-venv); \
[ ! -e .venv ] || [ -f .venv/python ] || \
  $(call refuse,.venv is there but was not made by this Makefile; move it away or remove it with: rm -r .venv); \
echo "Creating .venv with Python $$version"; \
rm -f .venv/clone; \
mkdir -p .venv && printf '%s\n' "$$EW_PYTHON" > .venv/python && \
find .venv -mindepth 1 -maxdepth 1 ! -name python -exec rm -rf {} + && "$$EW_PYTHON" -m venv .venv || exit 2;
endef
project = && PYTHONWARNINGS=ignore $(PIP) install --no-deps --no-build-isolation --editable .
define install
rm -f .venv/clone; \
echo "Installing $< into .venv"; \
$(PIP) install --require-hashes -r $< $1 || \
  $(call refuse,The installation failed for the reason above; the next make starts it afresh); \
touch $@ && printf '%s\n' "$$EW_CLONE" > .venv/clone
endef

.venv/run: requirements.lock pyproject.toml $(anew)
	@$(if $(anew),$(make_venv)) $(call install,$(project))

.venv/dev: requirements-dev.lock .venv/run
	@$(call install)

# ---- cross compilers and emulators ---------------------------------------------------------------------------------
# Which packages they are stands with each core; --no-install-recommends leaves out 1.6 GB of C++ library for Arm.

CORE_FACTS := $(wildcard pipeline/facts/machines/*.toml)
CROSS_PACKAGES = $(sort $(subst $(comma), ,$(subst ",,$(shell sed -n 's/^packages = \[\(.*\)\]$$/\1/p' /dev/null $(CORE_FACTS)))))
define install_packages
missing=; \
for package in $1; do \
  dpkg-query -W -f '$${Status}' "$$package" 2>/dev/null | grep -q ' installed$$' || missing="$$missing $$package"; done; \
if [ -z "$$missing" ]; then echo "All is there: $1"; exit 0; fi; \
line="apt-get install --no-install-recommends$$missing"; \
command -v apt-get > /dev/null || \
  $(call refuse,There is no apt-get here; install what other systems call these packages of Debian:$$missing); \
if [ "$$(id -u)" = 0 ]; then as=; \
elif command -v sudo > /dev/null && { [ -t 0 ] || sudo -n true 2> /dev/null; }; then as=sudo; else \
  $(call refuse,This needs root; run: sudo $$line); fi; \
echo "Installing$$missing"; \
$$as apt-get update -qq && $$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  $$missing > /dev/null || $(call refuse,apt-get failed for the reason above; run: $$line)
endef

toolchains:
	@$(call install_packages,$(CROSS_PACKAGES))

# ---- checks --------------------------------------------------------------------------------------------------------

check: lint types
	$(PYTEST) -q -n auto -m "$(FAST)"

test: .venv/dev
	$(PYTEST) $(PARALLEL) -m "not full" --durations=15

test-full: .venv/dev
	$(PYTEST) $(PARALLEL) --durations=15

results: .venv/dev
	$(BIN)/python -m edgewright.runtime_bench.results

bench-arena: .venv/dev
	@$(BIN)/python -m edgewright.runtime_bench.arena $(call value_option,--models,models)

bench-mlperf: .venv/dev
	@$(BIN)/python -m edgewright.runtime_bench.mlperf

bench-static: .venv/dev
	@$(BIN)/python -m edgewright.runtime_bench.static

test-tflm: .venv/dev
	@[ -d "$$EW_TFLM" ] || $(call refuse,TFLM=$$EW_TFLM is not a directory)
	@[ -z "$$EW_TFLM_LIB" ] || [ -f "$$EW_TFLM_LIB" ] || $(call refuse,TFLM_LIB=$$EW_TFLM_LIB is not a file)
	@EDGEWRIGHT_TFLM="$$(realpath "$$EW_TFLM")" && export EDGEWRIGHT_TFLM && \
	if [ -n "$$EW_TFLM_LIB" ]; then EDGEWRIGHT_TFLM_LIB="$$(realpath "$$EW_TFLM_LIB")" && export EDGEWRIGHT_TFLM_LIB; fi && \
	$(PYTEST) -rs tests/emission/test_tflm.py tests/emission/test_tflm_walk.py

lint: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

# mypy knows nothing of package-dir: it reads the packages through links that look as they do when installed.
typed := $(PACKAGES:%=build/typing/edgewright/%)
$(typed): build/typing/edgewright/%:
	@mkdir -p $(@D) && ln -sfn ../../../$* $@

# Types are those of the oldest Python, except from 3.12 on, where the stubs of numpy 2 do not parse as 3.10.
types: .venv/dev $(typed)
	$(BIN)/mypy $(if $(wildcard .venv/lib/python3.1[01]),--python-version 3.10)

golden: .venv/dev
	$(PYTEST) -q --golden-update $(wildcard tests/*/test_*golden*.py)

# ---- release -------------------------------------------------------------------------------------------------------

COMPILE := $(BIN)/uv pip compile --quiet --universal --python $(BIN)/python --python-version 3.10 --generate-hashes \
  --annotation-style line --custom-compile-command "make lock"
lock: .venv/dev
	$(COMPILE) $(call switch_option,--upgrade,upgrade) pyproject.toml --group build -o requirements.lock
	$(COMPILE) $(call switch_option,--upgrade,upgrade) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

wheel: .venv/dev
	@rm -rf build/wheel
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

clean:
	@if [ -d build ]; then find build -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} +; fi
	@rm -rf dist

distclean:
	@rm -f .venv/clone
	@rm -rf .venv build dist edgewright.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- help ----------------------------------------------------------------------------------------------------------

define HELP
make target=NAME               compress, convert and emit into build/NAME; NAME is one of
                               $(listed_targets)
  model=FILE data=FILE         your own model (.h5, .keras) and data (.npz, or file.py:function)
  recipe=FILE seed=N           the stages and their settings; the seed of everything random
  tflite=FILE                  a full-integer model that exists already: only emit it, with data=FILE for the inputs
                               of its golden vectors (.npz) and labels=FILE for its class names
  family=NAME out=DIR          another firmware family; another output folder
  runtime=static               the model as plain C, without an interpreter (tflm: over TensorFlow Lite Micro)
  prefix=NAME                  what every generated name begins with, so that two models live in one firmware
  selftest=full                the firmware looks at every layer at every boot, not after a wrong output only
  trust=1 force=1 dry=1        accept Lambda layers; overwrite edited files; only say what would be done
  fix=1                        repair what the lint finds and can repair with equal outputs
make targets                   the same for all targets, into build/targets/NAME; family=all for every family of each
make target=NAME flash port=DEVICE, make target=NAME monitor port=DEVICE
                               the family's own tool writes the firmware; shows what the board prints
make target=mps2-an386 run     the same, and the firmware built, run and counted in QEMU; make toolchains installs what
                               that takes
make target=android aar        an .aar of the emitted module, without Gradle; needs a JDK and Maven
make bench tflite=FILE, make bench target=NAME
                               latency, memory, accuracy and agreement of a .tflite, or of what is in build/NAME, on
                               every engine at hand; into build/bench, or out=DIR
  data=FILE recipe=FILE        data as for a build, and the recipe whose task it is
  port=DEVICE baud=N           a board with the firmware of that model: run the test set on it
  elf=FILE core=NAME           that firmware as a program for an emulated core, such as cortex-m4: count instructions
  samples=N                    run the first so many samples on a board or core, instead of all
  baseline=FILE                an earlier bench.json: show what changed, and fail where it is worse

make check                     format, lint, types and the fast tests
make test, make test-full      all tests on reduced grids; on complete ones
make test-tflm TFLM=DIR [TFLM_LIB=FILE]
                               the emitted harness against your copy of TensorFlow Lite Micro
make toolchains                install the cross compilers and emulators that tests on microcontrollers' cores take
make results                   measure every technique on the examples, three seeds each: docs/results.md (hours)
make bench-arena [models=DIR]  TFLM's memory plan and ours, of whole networks and your .tflite files: docs/arena.md
make bench-mlperf              MLPerf Tiny's four architectures through conversion, plan, lint and bench: their section
                               of docs/benchmarks.md
make bench-static              the same four as plain C on emulated cores, every instruction counted: another section
make golden                    rewrite the trees under tests/golden, and docs/operators.md
make lock [upgrade=1]          resolve requirements.lock and requirements-dev.lock again
make wheel                     dist/*.whl
make clean, make distclean     remove outputs but not the stage cache; remove everything that make made
make PYTHON=python3.11 ...     another interpreter for .venv (3.10 to 3.13)
endef
help:
	$(info $(HELP))
	@:

"""The Android family: the Kotlin compiles, computes Python's bits, and runs the model in TensorFlow Lite itself.

Compiler, libraries and Android's classes come from a Maven repository; LiteRT is in Google's only, so TensorFlow Lite
2.16 stands in for its API, and 2.6 with its library for Linux runs the model.
"""

from __future__ import annotations

import os
import struct
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.prepared import IMAGES, INPUTS, OTHERS, SIZES, Array, assert_same, floats, prepared_model

from edgewright.pipeline import kotlin, maven
from edgewright.pipeline.aar import build_aar, libraries_of
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.emission.context import tolerance_lsb
from edgewright.pipeline.emission.filters import java_package, kotlin_string, package_name
from edgewright.pipeline.errors import ToolError
from edgewright.pipeline.graph import write
from edgewright.pipeline.kotlin import compile_kotlin
from edgewright.pipeline.maven import Library, fetch
from edgewright.pipeline.preprocessing import Preprocessing
from edgewright.pipeline.publication import publish
from edgewright.pipeline.target import load_family
from edgewright.pipeline.vocabulary import EmissionModel

Emit = Callable[..., Mapping[str, bytes]]

SOURCES = Path(__file__).parent / "android"
ANDROID = "org.robolectric:android-all:14-robolectric-10818077"
INSTRUMENTED = "org.robolectric:android-all-instrumented:14-robolectric-10818077-i6"
ROBOLECTRIC = [
    f"org.robolectric:{part}:4.13"
    for part in (
        "robolectric", "annotations", "junit", "nativeruntime", "pluginapi", "plugins-maven-dependency-resolver",
        "resources", "sandbox", "shadowapi", "shadows-framework", "utils", "utils-reflector",
    )
]  # fmt: skip
OTHERS_NEEDED = [
    "org.ow2.asm:asm:9.7", "org.ow2.asm:asm-analysis:9.7", "org.ow2.asm:asm-commons:9.7", "org.ow2.asm:asm-tree:9.7",
    "org.ow2.asm:asm-util:9.7", "com.google.guava:guava:31.1-jre", "com.google.guava:failureaccess:1.0.1",
    "javax.inject:javax.inject:1", "javax.annotation:javax.annotation-api:1.3.2", "com.ibm.icu:icu4j:75.1",
    "com.google.auto.value:auto-value-annotations:1.11.0", "org.bouncycastle:bcprov-jdk18on:1.78.1",
    "org.conscrypt:conscrypt-openjdk-uber:2.5.2", "androidx.test:monitor:1.7.2@aar", "junit:junit:4.13.2",
    "org.hamcrest:hamcrest-core:1.3",
]  # fmt: skip
RUNTIME = "org.tensorflow:tensorflow-lite:2.6.0@aar"
NATIVE = "ai.djl.tflite:tflite-native-cpu:2.6.2:linux-x86_64"
"""TensorFlow Lite's library for Linux with the entry points of the Java API."""
NATIVE_ENTRY = "native/lib/libtensorflowlite_jni.so"
OPENED = [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in ("io", "lang", "nio")]
NASTY_NAME = 'tiny "digits'
NASTY_TENSORS = ('in "x" ${HOME} $name \\ */ größer\n', 'fun `val` /* """ %s 模型 🦫')
NASTY_TEXTS = ("", "$", "${a}", "\\u0041", '"""', "*/ /*", "größer 模型 🦫", "\x00\x7f\u202e", "`fun`", "a\nb\r")
SIDE = 9


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """Modules, the archive of one of them, and their classes."""

    nasty: Path
    prepared: Path
    archive: Path
    module_classes: Path
    classes: Path
    warnings: str
    jars: Mapping[str, Path]
    robolectric: Mapping[str, Path]
    native: Path

    def java(
        self, *arguments: str, vectors: Path | None = None, android: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a class on this computer, with Robolectric and Android's classes behind it or without."""
        library = [path for name, path in self.jars.items() if name.startswith("kotlin-stdlib")]
        names = list(self.robolectric) if android else ["junit-4.13.2.jar", "hamcrest-core-1.3.jar"]
        others = [self.robolectric[name] for name in names if not name.startswith("android-all")]
        last = [path for name, path in self.jars.items() if android and name.startswith("android-all")]
        path = [self.module_classes, self.classes, *([vectors / "src" / "vectors"] if vectors else [])]
        classpath = os.pathsep.join(map(str, [*path, *library, *others, *last]))
        command = ["java", *(OPENED if android else []), "-cp", classpath, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)

    def robolectric_test(self, archive: Path, grey: Path) -> subprocess.CompletedProcess[str]:
        """Run the test that uses Android's classes on an archive."""
        return self.java(
            "-Drobolectric.offline=true", f"-Drobolectric.dependency.dir={self.native.parent}",
            f"-Dedgewright.aar={archive}", f"-Dedgewright.grey={grey}", f"-Djava.library.path={self.native.parent}",
            "org.junit.runner.JUnitCore", f"{java_package(NASTY_NAME)}.OnThisComputerTest",
            vectors=self.nasty, android=True,
        )  # fmt: skip


def nasty_model(tiny: EmissionModel) -> EmissionModel:
    """Return the tiny model, published, with a name, labels and tensor names that attack Kotlin."""
    start, end = tiny.graph.main.inputs[0], tiny.graph.main.outputs[0]
    names = dict(zip((start, end), NASTY_TENSORS, strict=True))
    tensors = tuple(replace(tensor, name=names.get(tensor.index, tensor.name)) for tensor in tiny.graph.main.tensors)
    graph = replace(tiny.graph, subgraphs=(replace(tiny.graph.main, tensors=tensors),))
    declared = (Preprocessing.model_validate({"resize": [4, 4], "scale": 1 / 255, "offset": -0.5}),)
    tflite = publish(graph, name=NASTY_NAME, description="", labels=tiny.labels, preprocessing=declared)
    return replace(tiny, name=NASTY_NAME, graph=graph, tflite=tflite, preprocessing=declared)


def unpack_to(folder: Path, tree: Mapping[str, bytes]) -> Path:
    """Write a module into an output folder and return it."""
    for name, content in tree.items():
        path = folder / "module" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "module"


@pytest.fixture(scope="module")
def compiled(tiny: EmissionModel, emit: Emit, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """Fetch the libraries once and compile everything once; skip with a sentence where that is not possible here."""
    if reason := maven.unavailable_reason() or kotlin.unavailable_reason():
        pytest.skip(reason)
    root = tmp_path_factory.mktemp("android")
    cache, facts = Cache(root=root / "cache"), load_family("android").aar
    assert facts is not None
    try:
        jars = fetch([*libraries_of(facts), Library(coordinate=ANDROID)], cache)
        coordinates = [*ROBOLECTRIC, *OTHERS_NEEDED, INSTRUMENTED, RUNTIME, NATIVE]
        robolectric = fetch([Library(coordinate=coordinate) for coordinate in coordinates], cache)
    except ToolError as error:
        pytest.skip(str(error))
    native = root / "native" / "libtensorflowlite_jni.so"
    native.parent.mkdir()
    (jar,) = [path for name, path in robolectric.items() if name.startswith("tflite-native-cpu")]
    native.write_bytes(zipfile.ZipFile(jar).read(NATIVE_ENTRY))
    (instrumented,) = [path for name, path in robolectric.items() if name.startswith("android-all-instrumented")]
    (native.parent / instrumented.name).symlink_to(instrumented)
    nasty = unpack_to(root / "nasty", emit(nasty_model(tiny), "android"))
    prepared = unpack_to(root / "prepared", emit(replace(prepared_model(tiny), name="prepared"), "android"))
    archive = build_aar(load_family("android"), root / "nasty", cache)
    module_classes = root / "module.jar"
    module_classes.write_bytes(zipfile.ZipFile(archive).read("classes.jar"))
    own = root / "own"
    own.mkdir()
    for source in SOURCES.glob("*.kt"):
        (own / source.name).write_text(
            source.read_text().replace("package dev.edgewright.tiny_digits", f"package {java_package(NASTY_NAME)}")
        )
    literals = ", ".join(map(kotlin_string, NASTY_TEXTS))
    (own / "Literals.kt").write_text(f"package dev.edgewright.strings\n\nval LITERALS = listOf({literals})\n")
    sources = [nasty / "src" / part for part in ("sharedTest", "test", "androidTest")]
    sources += [prepared / "src" / part for part in ("main", "sharedTest", "test", "androidTest")]
    # Android 14's classes here, and those of 4.1 in the archive: the module uses what both have.
    shared = {
        name: path for name, path in robolectric.items() if "tensorflow" not in name and "instrumented" not in name
    }
    newer = {name: path for name, path in jars.items() if not name.startswith("android-4")}
    warnings = compile_kotlin(
        [*sources, own], root / "classes", jars=[*newer.values(), *shared.values()], module="tests", jvm_target="1.8",
        friends=[module_classes],
    )  # fmt: skip
    return Compiled(
        nasty=nasty, prepared=prepared, archive=archive, module_classes=module_classes, classes=root / "classes",
        warnings=warnings, jars=jars, robolectric=robolectric, native=native,
    )  # fmt: skip


@pytest.fixture(scope="module")
def grey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the grey values of the bitmap that OnThisComputerTest makes, as training sees them."""
    pixels = [[13 * index & 255, 7 * index & 255, 255 - index] for index in range(SIDE * SIDE)]
    image = Image.fromarray(np.array(pixels, np.uint8).reshape(SIDE, SIDE, 3)).convert("L")
    path = tmp_path_factory.mktemp("grey") / "grey.txt"
    path.write_text(" ".join(map(str, np.asarray(image).reshape(-1).tolist())))
    return path


@pytest.mark.slow
def test_everything_compiles_without_a_warning(compiled: Compiled) -> None:
    """Module, unit test and instrumented test compile against TensorFlow Lite, Android 14 and JUnit."""
    assert "" == compiled.warnings


@pytest.mark.slow
def test_archive_is_whole(compiled: Compiled) -> None:
    """The .aar holds manifest, classes, assets and rules; the model is not compressed, and no path leads outside."""
    assets = f"assets/{package_name(NASTY_NAME)}"
    with zipfile.ZipFile(compiled.archive) as archive:
        assert [
            "AndroidManifest.xml", "META-INF/com/android/build/gradle/aar-metadata.properties", "R.txt",
            f"{assets}/labels.txt", f"{assets}/model.tflite", "classes.jar", "proguard.txt",
        ] == archive.namelist()  # fmt: skip
        assert {zipfile.ZIP_STORED} == {entry.compress_type for entry in archive.infolist()}
        manifest = ElementTree.fromstring(archive.read("AndroidManifest.xml"))  # noqa: S314
        assert java_package(NASTY_NAME) == manifest.attrib["package"]
        assert str(compiled.nasty).encode() not in archive.read("classes.jar")


@pytest.mark.slow
def test_archive_is_deterministic(compiled: Compiled, tmp_path: Path) -> None:
    """Compiling the module again, elsewhere, gives the same bytes."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "module").symlink_to(compiled.nasty)
    cache = Cache(root=compiled.archive.parents[1] / "cache")
    again = build_aar(load_family("android"), tmp_path / "other", cache)
    assert compiled.archive.read_bytes() == again.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nasty", "prepared"])
def test_unit_test_passes(name: str, compiled: Compiled) -> None:
    """The emitted unit test passes on this computer's Java."""
    module, package = {
        "nasty": (compiled.nasty, java_package(NASTY_NAME)), "prepared": (compiled.prepared, "dev.edgewright.prepared"),
    }[name]  # fmt: skip
    finished = compiled.java("org.junit.runner.JUnitCore", f"{package}.EdgewrightModelTest", vectors=module)
    assert (0, True) == (finished.returncode, "OK (4 tests)" in finished.stdout), finished.stdout


@pytest.mark.slow
def test_unit_test_sees_one_wrong_bit(compiled: Compiled, tmp_path: Path) -> None:
    """With one prepared value changed by one, the emitted unit test fails and names the sample."""
    vectors = compiled.nasty / "src" / "vectors" / "edgewright_vectors.txt"
    lines = vectors.read_text().splitlines()
    (number,) = [index for index, line in enumerate(lines) if line.startswith("sample 0 prepared 0: ")]
    start, _, last = lines[number].rpartition(" ")
    lines[number] = f"{start} {int(last) + (-1 if int(last) > 0 else 1)}"
    changed = tmp_path / "src" / "vectors" / "edgewright_vectors.txt"
    changed.parent.mkdir(parents=True)
    changed.write_text("\n".join(lines) + "\n")
    test = f"{java_package(NASTY_NAME)}.EdgewrightModelTest"
    finished = compiled.java("org.junit.runner.JUnitCore", test, vectors=tmp_path)
    assert (1, True) == (finished.returncode, "sample 0" in finished.stdout)


@pytest.mark.slow
def test_kotlin_equals_python_to_the_bit(compiled: Compiled, tmp_path: Path) -> None:
    """On 1,000 random samples and the extremes, for every input and size of image, Kotlin gives Python's bits."""
    cases: dict[Path, tuple[int, Array]] = {}
    shapes = [(number, INPUTS[number].shape[1:]) for number in OTHERS]
    shapes += [(number, (*size, INPUTS[number].shape[-1])) for number in IMAGES for size in SIZES]
    for number, shape in shapes:
        raw = floats(shape)
        height, width = shape[:2] if len(shape) == 3 else (1, shape[0])
        path = tmp_path / f"{len(cases)}"
        path.write_bytes(struct.pack("<4i", number, height, width, len(raw)) + raw.astype("<f4").tobytes())
        cases[path] = number, raw
    finished = compiled.java("dev.edgewright.prepared.PreprocessKt", *map(str, cases))
    assert (0, "") == (finished.returncode, finished.stderr)
    for path, (number, raw) in cases.items():
        assert_same(INPUTS[number].expected(raw), Path(f"{path}.prepared").read_bytes())


@pytest.mark.slow
def test_model_runs_from_the_archive(compiled: Compiled, grey: Path) -> None:
    """Under Robolectric the assets load, bitmaps become training's bits, and the model gives its golden vectors.

    The interpreter is TensorFlow Lite 2.6, with XNNPACK and without; a GPU is refused for want of its library.
    """
    finished = compiled.robolectric_test(compiled.archive, grey)
    assert (0, True) == (finished.returncode, "OK (9 tests)" in finished.stdout), finished.stdout[-4000:]
    assert "Created TensorFlow Lite XNNPACK delegate" in finished.stderr


@pytest.mark.slow
def test_wrong_weight_is_seen(compiled: Compiled, grey: Path, tiny: EmissionModel, tmp_path: Path) -> None:
    """With one bias of the last layer changed, both kinds of kernels miss the golden vectors."""
    model = nasty_model(tiny)
    bias = np.frombuffer(model.graph.buffers[5], np.int32) + np.array([3000, 0, 0], np.int32)
    buffers = (*model.graph.buffers[:5], bias.tobytes())
    changed, name = tmp_path / "changed.aar", f"assets/{package_name(NASTY_NAME)}/model.tflite"
    with zipfile.ZipFile(compiled.archive) as archive, zipfile.ZipFile(changed, "w") as other:
        for entry in archive.namelist():
            other.writestr(
                entry, write(replace(model.graph, buffers=buffers)) if entry == name else archive.read(entry)
            )
    finished = compiled.robolectric_test(changed, grey)
    assert (1, True) == (finished.returncode, "Failures: 2" in finished.stdout), finished.stdout[-4000:]
    assert "vector 0, output 0: " in finished.stdout


@pytest.mark.slow
def test_kotlin_compiler_reads_strings_back(compiled: Compiled) -> None:
    """The Kotlin compiler itself finds in every literal the text."""
    finished = compiled.java("dev.edgewright.strings.StringsKt")
    assert [text.encode().hex() for text in NASTY_TEXTS] == finished.stdout.splitlines()


def test_names_come_through(tiny: EmissionModel, emit: Emit) -> None:
    """The package, the assets and both manifests agree on the name, and the labels are those of the model."""
    tree = emit(nasty_model(tiny), "android")
    manifest = ElementTree.fromstring(tree["aar/AndroidManifest.xml"])  # noqa: S314
    assert "dev.edgewright.tiny_digits" == manifest.attrib["package"]
    assert b'namespace = "dev.edgewright.tiny_digits"' in tree["build.gradle.kts"]
    assert b'MODEL_FILE: String = "tiny_digits/model.tflite"' in tree["src/main/kotlin/EdgewrightModel.kt"]
    assert len(tiny.labels) == len(tree["src/main/assets/tiny_digits/labels.txt"].decode().splitlines())


@given(name=st.text(), tensor=st.text())
def test_any_name_leaves_a_sound_module(name: str, tensor: str, tiny: EmissionModel, emit: Emit) -> None:
    """Whatever model and tensors are called, manifests parse and no comment or string of the Kotlin is torn open."""
    tensors = tuple(replace(found, name=tensor) for found in tiny.graph.main.tensors)
    graph = replace(tiny.graph, subgraphs=(replace(tiny.graph.main, tensors=tensors),))
    tree = emit(replace(tiny, name=name, graph=graph), "android")
    for path in ("aar/AndroidManifest.xml", "src/main/AndroidManifest.xml"):
        assert "manifest" == ElementTree.fromstring(tree[path]).tag  # noqa: S314
    source = tree["src/main/kotlin/EdgewrightModel.kt"].decode()
    assert f"const val NAME: String = {kotlin_string(name)}\n" in source
    banner = source[: source.index("package ")]
    assert (1, 1) == (banner.count("/*"), banner.count("*/"))


def test_tolerance_covers_what_was_measured(tiny: EmissionModel) -> None:
    """A softmax allows 4 LSB, none 2, and a model that was found to differ by more is given as much."""
    family, main = load_family("android"), tiny.graph.main
    linear = replace(tiny, graph=replace(tiny.graph, subgraphs=(replace(main, operators=main.operators[:3]),)))
    assert (4, 2) == (tolerance_lsb(family, tiny), tolerance_lsb(family, linear))
    assert 9 == tolerance_lsb(family, replace(tiny, xnnpack_difference_lsb=9))
    assert 0 == tolerance_lsb(load_family("zephyr"), replace(tiny, xnnpack_difference_lsb=9))


def test_operators_of_tflm_are_no_limit(tiny: EmissionModel, emit: Emit) -> None:
    """An operator that TFLM has no kernel for is emitted for an app."""
    main = tiny.graph.main
    operators = (replace(main.operators[0], op="TOPK_V2"), *main.operators[1:])
    graph = replace(tiny.graph, subgraphs=(replace(main, operators=operators),))
    assert "build.gradle.kts" in emit(replace(tiny, graph=graph), "android")

"""What `import jaxgen` gives, and what it costs."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import jaxgen

pytestmark = pytest.mark.core
ROOT = Path(__file__).parents[1]
PACKAGES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts)
    for path in (ROOT / "jaxgen").rglob("__init__.py")
    if "lazy.attach" in path.read_text()
)


def in_a_fresh_process(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)


def test_the_names_that_people_use():
    assert jaxgen.objectives.age.NETWORKS == ("encoder", "generator")
    assert jaxgen.models.dcgan.Generator.__name__ == "Generator"
    assert jaxgen.losses.moments.batch_moments is not None
    assert jaxgen.Spec is jaxgen.core.Spec
    for name in ("Turn", "TrainState", "optimise", "take_turns", "load_config", "build", "restore"):
        assert getattr(jaxgen, name).__module__.startswith("jaxgen.")
    assert jaxgen.experiment.run is jaxgen.run


@pytest.mark.parametrize("name", PACKAGES)
def test_all_is_what_there_is(name):
    package = importlib.import_module(name)
    assert len(PACKAGES) > 10
    assert package.__all__ == sorted(set(package.__all__))
    assert set(package.__all__) <= set(dir(package))
    for attribute in package.__all__:
        getattr(package, attribute)
    files = {path.stem for path in (ROOT / name.replace(".", "/")).glob("[!_]*.py")}
    if name in ("jaxgen.models", "jaxgen.losses", "jaxgen.objectives", "jaxgen.evaluate"):
        assert files - {"precision"} <= set(package.__all__) | {"parts"}
    with pytest.raises(AttributeError, match=f'"{name}" has no "nothing"; it has: '):
        package.nothing  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, jaxgen; print({'jax', 'numpy', 'flax', 'ml_collections'} & set(sys.modules))"
    )
    assert in_a_fresh_process(code).stdout == "set()\n"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--print_config", "--config=configs/pixelgan_ae_mnist_012.py"]]
)
def test_help_and_print_config_import_no_jax(arguments):
    code = f"import sys; from jaxgen import main; main.main({arguments}); "
    result = in_a_fresh_process(code + "assert not {'jax', 'numpy'} & set(sys.modules)")
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) > 20


def test_the_experiment_imports_late_what_it_may_not_need():
    late = ["sklearn", "scipy.stats", "tensorflow_datasets", "tensorboardX", "tensorflow"]
    code = f"import sys, jaxgen.experiment; print([m for m in {late} if m in sys.modules])"
    result = in_a_fresh_process(code)
    assert result.stdout == "[]\n", result.stdout + result.stderr

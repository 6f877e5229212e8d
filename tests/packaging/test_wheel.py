"""The wheel: built from a clean copy without Node, installed into an empty environment, and used.

TensorFlow alone is not installed again, since it is most of a minute and of a gigabyte: the empty
environment takes it from the one that runs the tests. All else that it has comes from the wheel and
from what the wheel asks for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest
from nengolab_widgets.parts import PARTS
from playwright.sync_api import expect

from nengolab.benchmarks import chromium
from nengolab.benchmarks.jupyter import Server
from tests.browser.jupyter import REPOSITORY, JupyterLab

pytestmark = pytest.mark.timeout(900)

NODE = {"node", "nodejs", "npm", "npx", "corepack", "yarn", "pnpm"}


@pytest.fixture(scope="module")
def without_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment's variables, with a PATH on which there is everything but Node."""
    folder = tmp_path_factory.mktemp("bin")
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            link = folder / program.name
            if program.name not in NODE and not link.is_symlink():
                link.symlink_to(program)
    assert shutil.which("node", path=str(folder)) is None
    return {**os.environ, "PATH": str(folder)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, without_node: dict[str, str]) -> Path:
    """The wheel, built as `pip install .` builds it, from the files that git knows."""
    source = tmp_path_factory.mktemp("source")
    listed = _run("git", "ls-files", "-co", "--exclude-standard", "-z", cwd=REPOSITORY)
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, source / name)
    built = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-deps", "--wheel-dir", str(built), str(source), env=without_node)
    (path,) = built.iterdir()
    return path


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    """The names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def environment(
    tmp_path_factory: pytest.TempPathFactory, wheel: Path, without_node: dict[str, str]
) -> Path:
    """The Python of an environment that holds the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("empty") / "environment"
    _run(sys.executable, "-m", "venv", str(folder))
    python = folder / "bin/python"
    wanted = [one for one in _requirements(wheel) if not one.startswith("tensorflow")]
    lock = str(REPOSITORY / ".requirements/dev.lock")
    # Of all that is installed, what is imported is compiled.
    install = ("install", "--no-compile")
    _pip(*install, "--constraint", lock, *wanted, python=python, env=without_node)
    _pip(*install, "--no-deps", str(wheel), python=python, env=without_node)
    purelib = folder / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    # A .pth goes to the end of sys.path, and the .pth files in the folder that it names (by which
    # nengolab is installed editable there) are not followed.
    (purelib / "zz_tensorflow.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_versions_agree() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    package = json.loads((REPOSITORY / "js/package.json").read_text())
    import nengolab

    assert package["version"] == nengolab.__version__
    assert f"bokeh=={package['devDependencies']['@bokeh/bokehjs']}" in project["dependencies"]


def test_the_lock_files_name_no_address() -> None:
    for name in (".requirements/dev.lock", ".requirements/kernel6.txt", "js/package-lock.json"):
        text = (REPOSITORY / name).read_text()
        assert '"resolved"' not in text, name
        assert not re.search(r"(--(extra-)?index-url|--find-links|file://|@ http)", text), name


def test_the_wheel_holds_all_parts(names: list[str]) -> None:
    modules = [
        str(path.relative_to(folder))
        for folder in (REPOSITORY, REPOSITORY / "widgets")
        for package in ("nengolab", "nengolab_server", "nengolab_widgets")
        for path in (folder / package).rglob("*.py")
    ]
    assert "nengolab/__init__.py" in modules
    assert "nengolab_server/__init__.py" in modules
    assert "nengolab_widgets/__init__.py" in modules
    assert set(modules) <= set(names)
    # Without it, a type checker looks at no type of ours.
    assert {"nengolab/py.typed", "nengolab_widgets/py.typed"} <= set(names)
    parts = (f"{name}.{end}" for name in PARTS for end in ("js.gz", "LICENSE.txt"))
    built = ("nengolab.js", "nengolab.css", *parts)
    assert {f"nengolab_widgets/static/{name}" for name in built} <= set(names)
    extension = [name for name in names if "/share/jupyter/labextensions/nengolab/" in name]
    assert any(re.search(r"/static/remoteEntry\.\w+\.js$", name) for name in extension)
    assert {"package.json", "install.json"} <= {Path(name).name for name in extension}
    assert sum(Path(name).name.startswith("remoteEntry.") for name in names) == 1


def test_the_wheel_holds_nothing_else(names: list[str], wheel: Path) -> None:
    tops = {name.split("/")[0] for name in names}
    version = wheel.name.split("-")[1]
    assert tops == {
        "nengolab",
        "nengolab_server",
        "nengolab_widgets",
        f"nengolab-{version}.data",
        f"nengolab-{version}.dist-info",
    }
    odd = [name for name in names if re.search(r"node_modules|\.tsx?$|\.pyc$|\.map$|test", name)]
    assert odd == []
    assert wheel.stat().st_size < 5_000_000


def test_metadata(names: list[str], wheel: Path) -> None:
    metadata = _metadata(wheel)
    assert metadata["License-Expression"] == "GPL-2.0-or-later"
    assert set(metadata["Requires-Python"].split(",")) == {">=3.11", "<3.14"}
    assert any(name.endswith("/licenses/LICENSE") for name in names)


@pytest.mark.in_turn("installed wheel")
def test_the_extension_is_enabled(environment: Path, without_node: dict[str, str]) -> None:
    programs = {**without_node, "PATH": f"{environment.parent}{os.pathsep}{without_node['PATH']}"}
    jupyter = environment.parent / "jupyter"
    done = _complete(str(jupyter), "labextension", "list", env=programs)
    listed = done.stdout + done.stderr
    (line,) = [line for line in listed.splitlines() if re.search(r"\bnengolab v", line)]
    assert re.search(r"enabled.*OK.*\(python, nengolab\)", _plain(line)), listed
    assert str(environment.parents[1] / "share/jupyter/labextensions") in listed


@pytest.mark.in_turn("installed wheel")
def test_the_server_loads_its_extension(environment: Path, without_node: dict[str, str]) -> None:
    programs = {**without_node, "PATH": f"{environment.parent}{os.pathsep}{without_node['PATH']}"}
    jupyter = environment.parent / "jupyter"
    done = _complete(str(jupyter), "server", "extension", "list", env=programs)
    listed = _plain(done.stdout + done.stderr)
    assert re.search(r"nengolab_server enabled", listed), listed
    assert re.search(r"nengolab_server\b.* OK", listed), listed


@pytest.mark.in_turn("installed wheel")
def test_nengo_finds_the_backend(environment: Path, without_node: dict[str, str]) -> None:
    code = (
        "from importlib.metadata import entry_points\n"
        "(entry,) = entry_points(group='nengo.backends', name='nengolab')\n"
        "import nengo, nengolab\n"
        "assert entry.load() is nengolab.Simulator\n"
        "print(nengolab.__file__)\n"
        "with nengo.Network() as net:\n"
        "    probe = nengo.Probe(nengo.Node(0.25))\n"
        "with entry.load()(net) as sim:\n"
        "    sim.run(0.01)\n"
        "print(sim.data[probe][-1, 0])"
    )
    printed = _run(str(environment), "-P", "-c", code, env=without_node).splitlines()
    assert str(environment.parents[1]) in printed[0]
    assert float(printed[-1]) == 0.25


@pytest.fixture
def lab(environment: Path, without_node: dict[str, str], tmp_path: Path) -> Iterator[JupyterLab]:
    """A page on a JupyterLab that runs in the empty environment."""
    server = Server(tmp_path, python=str(environment), environment=without_node)
    server.start()
    try:
        with chromium.launch() as browser:
            page = browser.new_page(viewport={"width": 1500, "height": 2200})
            lab = JupyterLab(page, server, "wheel")
            yield lab
            lab.screenshot()
    finally:
        server.stop()


@pytest.mark.in_turn("installed wheel")
def test_the_starter_notebook_runs_from_the_wheel(lab: JupyterLab, environment: Path) -> None:
    lab.open()
    lab.page.locator(".jp-LauncherCard").filter(has_text="Nengo Lab").click()
    lab.wait_idle()
    lab.run_all()

    source = lab.value("__import__('nengolab_widgets').__file__")
    assert source.startswith(str(environment.parents[1]))
    transport = lab.notebook.get_by_role("toolbar", name="run the network")
    expect(transport).to_have_attribute("data-state", re.compile("ready|paused"), timeout=120_000)
    transport.get_by_role("button", name="play").click()
    seconds = re.compile(r"^[1-9]\d*\.\d+ s")
    expect(transport.locator(".nl-clock")).to_have_text(seconds, timeout=120_000)
    assert lab.errors == []


def _metadata(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def _requirements(wheel: Path) -> list[str]:
    """Return what the wheel asks for without an extra."""
    return [one for one in _metadata(wheel).get_all("Requires-Dist") if "extra ==" not in one]


def _pip(*arguments: str, python: str | Path = sys.executable, env: dict[str, str]) -> None:
    _run(str(python), "-m", "pip", "--quiet", *arguments, env=env)


def _run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Return what a command writes to its output, or fail with all that it wrote."""
    return _complete(*command, cwd=cwd, env=env).stdout


def _complete(
    *command: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)

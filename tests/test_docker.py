"""The images: linted, of the versions that pyproject.toml names, and closed as far as a batch job allows."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from gpunet.base._version import __version__

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "docker"
DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
GPU, CPU = (DOCKER / f"{name}.Dockerfile" for name in ("gpu", "cpu"))


def instructions(path: Path) -> list[tuple[str, str]]:
    """(instruction, arguments) in order, without comments, continued lines joined."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [(name, arguments.strip()) for name, _, arguments in found]


def arguments_of(path: Path, name: str) -> list[str]:
    return [arguments for instruction, arguments in instructions(path) if instruction == name]


def last_stage(path: Path) -> list[tuple[str, str]]:
    found = instructions(path)
    begin = max(i for i, (name, _) in enumerate(found) if name == "FROM")
    return found[begin:]


def build_arguments(path: Path) -> dict[str, str]:
    return dict(text.split("=", 1) for text in arguments_of(path, "ARG"))


def python_of(path: Path) -> str:
    """The version of Python that makes the environment: all that the file names must be the same."""
    named = set(re.findall(r"python:?(3\.\d+)", "\n".join(text for _, text in instructions(path))))
    assert len(named) == 1, named
    return named.pop()


def as_tuple(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def test_both_images_are_looked_at():
    assert DOCKERFILES == [CPU, GPU]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_hadolint_has_nothing_to_say(path):
    """``make docker-lint`` does the same."""
    command = [str(Path(sys.executable).with_name("hadolint")), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_hadolint_finds_what_is_wrong(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_text("FROM ubuntu\nRUN cd /tmp && apt-get install curl\n")
    command = [str(Path(sys.executable).with_name("hadolint")), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DL3006" in done.stdout


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_bases_are_pinned_by_tag_and_digest(path):
    stages = set()
    for text in arguments_of(path, "FROM"):
        image, _, name = text.partition(" AS ")
        if image not in stages:
            assert re.fullmatch(r"[\w./-]+:[\w.-]*\d[\w.-]*@sha256:[0-9a-f]{64}", image), image
        stages.add(name)


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_the_python_of_an_image_is_one_that_the_project_takes(path):
    python = python_of(path)
    minimum = re.fullmatch(r">=(\d+\.\d+)", PROJECT["requires-python"])
    assert minimum is not None
    assert as_tuple(python) >= as_tuple(minimum[1])
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_an_image_is_of_this_version_of_gpunet(path):
    assert build_arguments(path)["GPUNET_VERSION"] == __version__
    assert f'org.opencontainers.image.version="{__version__}"' in " ".join(arguments_of(path, "LABEL"))


def test_the_gpu_image_has_the_rapids_of_the_extra_and_its_cuda():
    extra = PROJECT["optional-dependencies"]["gpu"]
    pins = {match[1]: match[2] for text in extra if (match := re.fullmatch(r"([\w-]+)==(\d+\.\d+)\.\*", text))}
    assert {"cudf-cu13", "cugraph-cu13", "cuml-cu13"} <= set(pins)
    assert set(pins.values()) == {build_arguments(GPU)["RAPIDS_VERSION"]}
    checked = " ".join(arguments_of(GPU, "RUN"))
    assert all(f'"^{name}==${{RAPIDS_VERSION}}' in checked for name in ("cudf-cu13", "cugraph-cu13", "cuml-cu13"))
    toolkits = {match[1] for name in pins if (match := re.search(r"-cu(\d+)$", name))}
    base = re.match(r"nvidia/cuda:(\d+)\.", arguments_of(GPU, "FROM")[0])
    assert base is not None
    assert toolkits == {base[1]}


@pytest.mark.parametrize(("path", "what"), [(GPU, ".[gpu]"), (CPU, ".")], ids=["gpu", "cpu"])
def test_images_are_installed_as_the_documents_say(path, what):
    steps = [text for text in arguments_of(path, "RUN") if "pip install" in text]
    assert len(steps) == 1
    assert steps[0].replace(" --no-cache-dir", "").replace('"', "") == f"pip install {what}"
    documents = (ROOT / "README.md").read_text() + (ROOT / "docs" / "gpu.md").read_text()
    assert f"pip install {what}" in documents.replace('"', "")
    assert f"docker build --file docker/{path.name} --tag gpunet:{path.stem} ." in documents


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_an_image_runs_gpunet_as_nobody_special(path):
    stage = last_stage(path)
    users = [text for name, text in stage if name == "USER"]
    made = re.search(r"useradd --uid (\d+)", " ".join(text for name, text in stage if name == "RUN"))
    assert made is not None
    assert users == [f"{made[1]}:{made[1]}"]
    assert int(made[1]) >= 10_000
    assert ("ENTRYPOINT", '["gpunet"]') in stage
    assert any(name == "HEALTHCHECK" and text.endswith('CMD ["gpunet", "--version"]') for name, text in stage)
    assert stage.index(("USER", users[0])) < stage.index(("ENTRYPOINT", '["gpunet"]'))


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_everything_that_is_cached_goes_where_any_user_may_write(path):
    """The rest of the file system is read-only under Compose: Numba, above all, stops where it can cache nothing."""
    stage = last_stage(path)
    environment = dict(re.findall(r"(\w+)=(\S+)", " ".join(text for name, text in stage if name == "ENV")))
    caches = {name: value for name, value in environment.items() if "CACHE" in name}
    assert {"NUMBA_CACHE_DIR", "XDG_CACHE_HOME"} <= set(caches)
    assert all(value.startswith("/cache") for value in caches.values())
    assert "install --directory --mode=1777 /cache" in " ".join(text for name, text in stage if name == "RUN")
    assert environment["HOME"] == "/tmp"


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_what_is_copied_is_let_through(path):
    """.dockerignore refuses everything but what the build needs."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    let_through = {line[1:] for line in lines if line.startswith("!")}
    copied: set[str] = set()
    for text in arguments_of(path, "COPY"):
        if not text.startswith("--from"):
            copied |= set(text.split()[:-1])
    assert copied == let_through
    assert all((ROOT / name).exists() for name in copied)
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {PROJECT["readme"], *PROJECT["license-files"], *wheel["packages"], "pyproject.toml"} == copied


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


@pytest.mark.parametrize("name", ["gpu", "cpu"])
def test_a_service_can_write_to_its_volumes_alone(compose, name):
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["network_mode"] == "none"
    assert "privileged" not in service
    targets = dict(re.fullmatch(r".+:(/\w+)(:ro)?", volume).groups() for volume in service["volumes"])
    assert targets == {"/data": ":ro", "/runs": None, "/cache": None}
    assert service["tmpfs"] == ["/tmp:nosuid,nodev"]
    assert set(compose["volumes"]) == {"cache"}
    build = service["build"]
    assert (DOCKER / build["context"]).resolve() == ROOT
    assert ROOT / build["dockerfile"] == DOCKER / f"{name}.Dockerfile"
    assert service["image"] == f"gpunet:{name}"


def test_the_gpu_service_alone_has_the_gpu(compose):
    reserved = compose["services"]["gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert reserved == [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]
    assert "deploy" not in compose["services"]["cpu"]

# gpunet with its GPU engine. Build it from the root of the source tree:
#
#   docker build --file docker/gpu.Dockerfile --tag gpunet:gpu .
#
# The base is NVIDIA's own CUDA image, not RAPIDS': that one is a conda environment, while gpunet is installed as
# README.md says, with pip, and its extra "gpu" pins the RAPIDS wheels. The image refuses to start on a driver that is
# too old for CUDA 13. The digest is the one that public build files give for this tag.
FROM nvidia/cuda:13.0.2-runtime-ubuntu24.04@sha256:6a0e31b59e70890446f2c17356d6efc0d54260090a8c63d6ca7c2ad049db95d2 AS python

# Ubuntu's archive holds one build of each package, so a pinned one would be gone with the next security fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3.12 python3.12-venv \
    && rm -rf /var/lib/apt/lists/*

FROM python AS build

WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY gpunet gpunet
RUN python3.12 -m venv /opt/gpunet
ENV PATH=/opt/gpunet/bin:$PATH
# The source tree's own version is installed, and its extra pins RAPIDS.
# hadolint ignore=DL3013
RUN pip install --no-cache-dir ".[gpu]"
# What was installed is what pyproject.toml asks for, and its parts go together.
ARG GPUNET_VERSION=0.2.0
ARG RAPIDS_VERSION=26.10
RUN pip check \
    && test "$(gpunet --version)" = "gpunet ${GPUNET_VERSION}" \
    && pip freeze > /opt/gpunet/packages.txt \
    && grep "^cudf-cu13==${RAPIDS_VERSION}\." /opt/gpunet/packages.txt \
    && grep "^cugraph-cu13==${RAPIDS_VERSION}\." /opt/gpunet/packages.txt \
    && grep "^cuml-cu13==${RAPIDS_VERSION}\." /opt/gpunet/packages.txt

FROM python

LABEL org.opencontainers.image.title="gpunet" \
      org.opencontainers.image.version="0.2.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.description="Network features from police arrest tables, on an NVIDIA GPU"

# Compiled kernels are kept in /cache, where any user may write: mount a volume there and they outlive the container.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin gpunet \
    && install --directory --mode=1777 /cache \
    && install --directory --owner=gpunet --group=gpunet /data /runs
COPY --from=build /opt/gpunet /opt/gpunet
ENV PATH=/opt/gpunet/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    XDG_CACHE_HOME=/cache \
    NUMBA_CACHE_DIR=/cache/numba \
    CUPY_CACHE_DIR=/cache/cupy \
    CUDA_CACHE_PATH=/cache/cuda
USER 10001:10001
WORKDIR /runs
VOLUME ["/cache"]
# Not "info": that would start CUDA beside a run.
HEALTHCHECK --interval=5m --timeout=1m CMD ["gpunet", "--version"]
ENTRYPOINT ["gpunet"]
CMD ["--help"]

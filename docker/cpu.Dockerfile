# gpunet with its CPU engine. Build it from the root of the source tree:
#
#   docker build --file docker/cpu.Dockerfile --tag gpunet:cpu .
#
# The digest is one that public build files give for this tag.
FROM python:3.13.14-slim-trixie@sha256:6771159cd4fa5d9bba1258caf0b82e6b73458c694d178ad97c5e925c2d0e1a91 AS build

WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY gpunet gpunet
RUN python3.13 -m venv /opt/gpunet
ENV PATH=/opt/gpunet/bin:$PATH
RUN pip install --no-cache-dir .
# What was installed is what pyproject.toml asks for, and its parts go together.
ARG GPUNET_VERSION=0.2.0
RUN pip check \
    && test "$(gpunet --version)" = "gpunet ${GPUNET_VERSION}" \
    && pip freeze > /opt/gpunet/packages.txt

FROM python:3.13.14-slim-trixie@sha256:6771159cd4fa5d9bba1258caf0b82e6b73458c694d178ad97c5e925c2d0e1a91

LABEL org.opencontainers.image.title="gpunet" \
      org.opencontainers.image.version="0.2.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.description="Network features from police arrest tables"

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
    NUMBA_CACHE_DIR=/cache/numba
USER 10001:10001
WORKDIR /runs
VOLUME ["/cache"]
HEALTHCHECK --interval=5m --timeout=1m CMD ["gpunet", "--version"]
ENTRYPOINT ["gpunet"]
CMD ["--help"]

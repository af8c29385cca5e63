# syntax=docker/dockerfile:1
# A digest (python@sha256:...) pins its very bytes: docker build --build-arg PYTHON_IMAGE=...
ARG PYTHON_IMAGE=python:3.13-slim-trixie
FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
COPY requirements-vision.lock pyproject.toml README.md LICENSE ./
# pip, which is there already: nothing is installed whose hash is not in the lock.
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements-vision.lock
COPY marketplace marketplace
COPY workers workers
COPY migrations migrations
COPY benchmarks benchmarks
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation . && /venv/bin/python -m compileall -q /venv/lib

FROM ${PYTHON_IMAGE}
# The outer wall around the decoder of videos; where the host forbids user namespaces the inner two hold alone.
RUN apt-get update && apt-get install -y --no-install-recommends bubblewrap && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin inlay && install -d -o 10001 -g 10001 /objects /frames /mail
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /tmp
EXPOSE 8000
# Exec form, so that SIGTERM reaches the process itself.
CMD ["inlay", "web", "--host", "0.0.0.0", "--port", "8000"]

# One image for every process: `bursar api` unless told otherwise, `bursar worker`, `bursar migrate`, …
#
# The tag follows the fixes of one Python and one Debian. A build that must give the same again names the digest too:
#   docker build --build-arg PYTHON_IMAGE=python:3.11-slim-trixie@sha256:… --tag bursar:0.1.0 .
ARG PYTHON_IMAGE=python:3.11-slim-trixie

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ONLY_BINARY=:all: \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
# Without pip: it installs from outside, and stays behind with this stage.
RUN python -m venv --without-pip /opt/bursar
# The dependencies first, in a layer that changes only with them.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
        > requirements.txt \
    && pip --python /opt/bursar/bin/python install --no-compile -c constraints.txt -r requirements.txt
COPY README.md LICENSE ./
COPY src src
# Compiled here, once: nobody can write bytecode at run time, and an application that compiles itself starts three times
# slower. Unchecked, because files in an image do not change, while their times may when layers are copied.
RUN pip --python /opt/bursar/bin/python install --no-compile --no-deps . \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/bursar/lib

FROM ${PYTHON_IMAGE}
# The official images carry no bytecode of the standard library, and installers that nothing here needs.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && groupadd --gid 10001 bursar \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin bursar
COPY --from=build /opt/bursar /opt/bursar
# A container that listens on its own loopback is heard by nobody.
ENV PATH=/opt/bursar/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    BURSAR_HOST=0.0.0.0
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080 8081
ENTRYPOINT ["bursar"]
CMD ["api"]

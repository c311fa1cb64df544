# One image, four modes (entrypoint.sh). No `# syntax=` line: it would fetch a front end of the builder from a registry.
ARG PYTHON_IMAGE=python:3.13-slim-trixie
ARG NODE_IMAGE=node:22-slim

# --- The browser's side -----------------------------------------------------------------------------------------------
FROM ${NODE_IMAGE} AS bundles
WORKDIR /src
ENV NODE_USE_SYSTEM_CA=1
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm,sharing=locked npm ci --ignore-scripts --fetch-retries=2
COPY esa/frontend esa/frontend
COPY esa/static esa/static
RUN npm run build

# --- Python packages --------------------------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS packages
ARG UV_VERSION=0.13.9
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=1 PIP_ROOT_USER_ACTION=ignore
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    python -m venv /opt/uv && /opt/uv/bin/pip install --disable-pip-version-check "uv==${UV_VERSION}"
COPY requirements.txt /tmp/requirements.txt
# Taken out: uv's lock file, which everybody may write; what boto3 knows of services that esa never calls; other languages;
# what only compilers, type checkers and the packages' own tests read; the pages of ninja, which esa's own stand for.
RUN --mount=type=cache,target=/root/.cache/uv,sharing=locked \
    python -m venv --without-pip /opt/venv \
    && /opt/uv/bin/uv pip sync --python /opt/venv/bin/python --require-hashes /tmp/requirements.txt \
    && rm -f /opt/venv/.lock \
    && find /opt/venv/lib/python3*/site-packages/botocore/data -mindepth 1 -maxdepth 1 -type d \
        ! -name s3 ! -name sts ! -name cloudwatch ! -name cloudfront ! -name sso ! -name sso-oidc ! -name signin \
        -exec rm -r {} + \
    && find /opt/venv/lib -name '*.po' -delete \
    && find /opt/venv/lib -path '*/LC_MESSAGES/*.mo' ! -path '*/ja/*' ! -path '*/en/*' -delete \
    && find /opt/venv/lib -path '*/babel/locale-data/*.dat' ! -name 'en*.dat' ! -name 'ja*.dat' ! -name root.dat -delete \
    && find /opt/venv/lib \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.[ch]' -o -name '*.[ch]pp' \) -delete \
    && find /opt/venv/lib \( -path '*/site-packages/*/tests' -o -path '*/site-packages/ninja/static' \) -type d -prune -exec rm -r {} +

# --- pg_dump and pg_restore, without the Perl that Debian's package brings along ----------------------------------------
FROM ${PYTHON_IMAGE} AS postgresql
ARG POSTGRESQL=17
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends "postgresql-client-${POSTGRESQL}" \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /opt/postgresql/bin \
    && cp "/usr/lib/postgresql/${POSTGRESQL}/bin/pg_dump" "/usr/lib/postgresql/${POSTGRESQL}/bin/pg_restore" /opt/postgresql/bin

# --- Static files, hashed and compressed: made anew only when one of them or a package changes --------------------------
FROM packages AS static
WORKDIR /app
COPY esa/static esa/static
COPY --from=bundles /src/esa/static/bundles esa/static/bundles
COPY esa/stylesheet.py esa/stylesheet.py
COPY esa/frontend/collect.py esa/frontend/collect.py
RUN --mount=type=cache,target=/root/.cache/compressed,sharing=locked /opt/venv/bin/python -m esa.frontend.collect /root/.cache/compressed

# --- What runs --------------------------------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS runtime
ENV PATH=/opt/venv/bin:/opt/postgresql/bin:$PATH HOME=/tmp LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONFAULTHANDLER=1 DJANGO_SETTINGS_MODULE=esa.settings
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 esa \
    && useradd --system --uid 10001 --gid esa --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin esa \
    && install -d -o esa -g esa /app/.data /app/.data/media /app/.data/backups
WORKDIR /app
COPY --from=postgresql /opt/postgresql /opt/postgresql
COPY --from=packages /opt/venv /opt/venv
COPY --from=static /app/staticfiles staticfiles
COPY manage.py entrypoint.sh ./
COPY esa esa
COPY teams teams
COPY posts posts
# Also of a checkout that only its owner may read, user 10001 reads everything.
RUN python -m esa.local.translations && python -m compileall -q -j 0 manage.py esa teams posts \
    && find . ! -type l ! -perm -o=r -exec chmod a+rX {} +
ARG GIT_SHA=unknown
ENV GIT_SHA=${GIT_SHA}
LABEL org.opencontainers.image.title="esa" \
      org.opencontainers.image.description="A place for a team to write: web, worker, beat and migrate" \
      org.opencontainers.image.revision="${GIT_SHA}"
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-S", "/app/esa/healthcheck.py"]
ENTRYPOINT ["/app/entrypoint.sh"]
CMD ["help"]

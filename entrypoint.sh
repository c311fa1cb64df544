#!/bin/sh
# One image, several modes: docker run IMAGE web|worker|beat|migrate. Every mode execs, so that signals arrive.
set -eu
cd "$(dirname "$0")"

usage() {
    cat <<'TEXT'
usage: docker run IMAGE MODE [ARGUMENTS]

  web       serve pages and the API on $PORT (8000) with $WEB_CONCURRENCY processes of $WEB_THREADS threads
  worker    do background work: $WORKER_CONCURRENCY tasks at a time from the queues $WORKER_QUEUES
  beat      start what is due by the schedules; a second one waits until the first has ended
  migrate   bring the database up to this version, then the schedules, then static files to S3; then end
  manage    run a management command: manage doctor, manage backup, manage maintenance on
  help      print this

A mode that does not exist ends with 64, a setting that is missing or malformed with 78.
TEXT
}

mode=${1:-}
if [ $# -gt 0 ]; then shift; fi
case $mode in
    web | worker | beat | migrate | manage) ;;
    help | -h | --help)
        usage
        exit 0
        ;;
    '')
        usage >&2
        exit 64
        ;;
    *)
        printf 'esa has no mode "%s".\n\n' "$mode" >&2
        usage >&2
        exit 64
        ;;
esac

# Says which setting is wrong, in one sentence, and ends with 78, before anything else can fail because of it.
python -m esa.startup

# healthcheck.py asks for it. A command that runs beside web (docker exec) leaves it as it is.
note=${TMPDIR:-/tmp}/esa-mode
[ "$mode" = manage ] && [ -e "$note" ] || printf '%s' "$mode" >"$note"

case $mode in
    web)
        PROMETHEUS_MULTIPROC_DIR=${PROMETHEUS_MULTIPROC_DIR:-${TMPDIR:-/tmp}/esa-metrics}
        export PROMETHEUS_MULTIPROC_DIR
        rm -rf "$PROMETHEUS_MULTIPROC_DIR"
        mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
        exec gunicorn --config python:esa.gunicorn "$@" esa.wsgi
        ;;
    worker)
        exec celery --quiet -A esa worker --concurrency "${WORKER_CONCURRENCY:-2}" --queues "$(printf %s "${WORKER_QUEUES:-celery}" | tr " " ,)" \
            --without-gossip --without-mingle "$@"
        ;;
    beat) exec celery --quiet -A esa beat --pidfile= "$@" ;;
    migrate) exec python manage.py release "$@" ;;
    manage) exec python manage.py "$@" ;;
esac

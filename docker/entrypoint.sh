#!/bin/sh
# Becomes the part it is told to be, so that signals reach it; migrations that are missing run first,
# by one container at a time.
set -eu

case "${1:-}" in
    web | generate | media | beat | sandbox) exec python manage.py part "$1" ;;
    manage)
        shift
        exec python manage.py "$@"
        ;;
    *)
        echo "usage: web | generate | media | beat | sandbox | manage COMMAND" >&2
        exit 64
        ;;
esac

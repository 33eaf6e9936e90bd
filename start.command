#!/bin/sh
# Starts Easel on macOS with a double click.
case "$0" in */*) cd "${0%/*}" || exit 1 ;; esac
PATH="$PATH:/opt/homebrew/bin:/usr/local/bin"
for version in 3.14 3.13 3.12 3.11; do
    PATH="$PATH:/Library/Frameworks/Python.framework/Versions/$version/bin"
done

for python in python3.13 python3.12 python3.11 python3.14 python3; do
    if command -v "$python" >/dev/null 2>&1 &&
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        exec "$python" app.py "$@"
    fi
done

echo "Easel needs Python 3.11 or newer, and there is none here."
echo "Get it at https://www.python.org/downloads/macos/ and double-click this file again."
exit 1

#!/bin/sh
# Starts Easel on Linux; a double click in a file manager does the same ("Run in Terminal").
case "$0" in */*) cd "${0%/*}" || exit 1 ;; esac

for python in python3.13 python3.12 python3.11 python3.14 python3 python; do
    if command -v "$python" >/dev/null 2>&1 &&
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        "$python" app.py "$@"
        code=$?
        if [ "$code" -ne 0 ] && [ -t 0 ] && [ "$#" -eq 0 ]; then
            printf 'Press Enter to close this window. '
            read -r _
        fi
        exit "$code"
    fi
done

echo "Easel needs Python 3.11 or newer, and there is none here."
echo "Debian and Ubuntu: sudo apt install python3 python3-venv"
echo "Fedora: sudo dnf install python3.   Arch: sudo pacman -S python"
echo "Everywhere: https://www.python.org/downloads/"
if [ -t 0 ]; then
    printf 'Press Enter to close this window. '
    read -r _
fi
exit 1

@echo off
rem Starts Easel on Windows with a double click.
cd /d "%~dp0"

for %%V in (3.13 3.12 3.11 3.14) do (
    py -%%V -c "" >nul 2>nul && (
        set "EASEL_PYTHON=py -%%V"
        goto found
    )
)
python -c "import sys; sys.exit(sys.version_info < (3, 11))" >nul 2>nul && (
    set "EASEL_PYTHON=python"
    goto found
)

echo Easel needs Python 3.11 or newer, and there is none here.
echo Get it at https://www.python.org/downloads/windows/ , tick "Add python.exe to PATH",
echo and double-click this file again.
pause
exit /b 1

:found
%EASEL_PYTHON% app.py %*
if errorlevel 1 pause

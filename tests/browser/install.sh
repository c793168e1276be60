#!/bin/sh
# Installs what the browser tests need: Debian's Chromium, and two packages of npm at the locked versions.
# Without them these tests are skipped, each with a printed line.
set -eu
cd "$(dirname "$0")"
command -v chromium >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends chromium; }
command -v npm >/dev/null || apt-get install -y -q --no-install-recommends nodejs npm
npm ci --ignore-scripts --no-audit --no-fund

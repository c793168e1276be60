#!/usr/bin/env bash
# Installs Slurm and its authentication from Debian's packages; nothing is started.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
sudo=$([ "$(id -u)" = 0 ] || echo sudo)
$sudo apt-get update -qq
$sudo apt-get install -y --no-install-recommends slurm-wlm munge

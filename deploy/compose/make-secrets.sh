#!/bin/sh
# Makes the secret files of compose.yaml, once; what is there already is kept. Back up `secrets/`: without
# `inbox_sync_secret_keys` the database cannot be read (docs/backup.md).
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets

random() { head -c "$1" /dev/urandom | base64 | tr -d '\n'; }
word() { random 24 | tr '+/' '-_'; }
once() { if [ ! -s "secrets/$1" ]; then printf '%s' "$2" > "secrets/$1"; echo "made secrets/$1"; fi; }

once postgres_password "$(word)"
once redis_conf "requirepass $(word)"
once inbox_sync_database_url "postgresql://inbox_sync:$(cat secrets/postgres_password)@postgres:5432/inbox_sync"
once inbox_sync_redis_url "redis://:$(cut -d" " -f2 secrets/redis_conf)@redis:6379/0"
once inbox_sync_secret_keys "k1:$(random 32)"
once inbox_sync_flower_password "$(word)"
# The containers read the files as a user of their own, whom this machine does not know; the folder keeps all others out.
chmod 0444 secrets/*
chmod 0700 secrets

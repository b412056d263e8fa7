#!/bin/sh
# Runs once, when PostgreSQL's data directory is empty: roles, their databases, and who may replicate.
# DATABASES holds each as NAME=OWNER. Nobody but its owner connects to a database.
set -eu

as_superuser() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres "$@"
}

role() {
    as_superuser --set name="$1" --set password="$2" <<'SQL'
create role :"name" login password :'password';
SQL
}

role wegmarken "$DATABASE_PASSWORD"
role portal "$PORTAL_PASSWORD"

for each in $DATABASES; do
    as_superuser --set database="${each%=*}" --set owner="${each#*=}" <<'SQL'
create database :"database" owner :"owner";
revoke all on database :"database" from public;
SQL
done

role monitor "$MONITOR_PASSWORD"
as_superuser --command 'grant pg_monitor to monitor'

if [ -n "${REPLICATION_PASSWORD:-}" ]; then
    role replicator "$REPLICATION_PASSWORD"
    as_superuser --command 'alter role replicator replication' \
        --command "select pg_create_physical_replication_slot('replica')"
fi

# Only encrypted connections from elsewhere, only by password; the server's own socket needs none.
cat >"$PGDATA/pg_hba.conf" <<'HBA'
local   all          all              trust
hostssl all          all         all  scram-sha-256
hostssl replication  replicator  all  scram-sha-256
HBA

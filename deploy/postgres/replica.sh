#!/bin/sh
# Starts PostgreSQL as a streaming copy of the primary; takes the copy first if there is none. Arguments: the server.
set -eu

export PGSSLMODE=verify-full PGSSLROOTCERT="${PGSSLROOTCERT:-/certificates/ca/ca.crt}"

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    PGPASSWORD="$REPLICATION_PASSWORD" pg_basebackup --pgdata "$PGDATA" --wal-method stream --write-recovery-conf \
        --slot replica --checkpoint fast \
        --dbname "host=${PRIMARY:-postgres} port=${PRIMARY_PORT:-5432} user=replicator application_name=replica"
    chmod 0700 "$PGDATA"
fi

exec "$@"

"""The event store on EventStoreDB or KurrentDB, through ``kurrentdbclient``. Import it where a URL asks for it."""

import shared.runtime.pristine  # noqa: F401  # before any module here imports the client: gRPC gets native threads

"""What holds for every event store, and a stand-in for KurrentDB."""

import shared.runtime.pristine  # noqa: F401  # before any module here imports gRPC

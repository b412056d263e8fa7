"""The service ``event_store.client.server_features.ServerFeatures``, which the client's package has no stubs for."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from kurrentdbclient.protos.v1 import gossip_pb2, shared_pb2, streams_pb2

VERSION: Final = "25.0.0"
"""The server that is stood in for."""
PACKAGE: Final = "event_store.client.server_features"
FEATURES: Final = {"Read": ["position", "events"], "BatchAppend": ["deadline_duration"]}

Field: TypeAlias = descriptor_pb2.FieldDescriptorProto


def add_server_features(server: grpc.aio.Server) -> None:
    """Serve what the server can do, as clients ask for it before they choose how to append."""
    answer = _supported()

    async def supported_methods(request: shared_pb2.Empty, context: grpc.aio.ServicerContext) -> Any:
        return answer

    method = grpc.unary_unary_rpc_method_handler(
        supported_methods,
        request_deserializer=shared_pb2.Empty.FromString,
        response_serializer=type(answer).SerializeToString,
    )
    service = grpc.method_handlers_generic_handler(f"{PACKAGE}.ServerFeatures", {"GetSupportedMethods": method})
    server.add_generic_rpc_handlers((service,))


def messages() -> dict[str, Any]:
    """The classes of the service's messages, by name."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file())
    names = ("SupportedMethods", "SupportedMethod")
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in names}


def _file() -> descriptor_pb2.FileDescriptorProto:
    method = descriptor_pb2.DescriptorProto(
        name="SupportedMethod",
        field=[
            _text("method_name", 1),
            _text("service_name", 2),
            Field(name="features", number=3, type=Field.TYPE_STRING, label=Field.LABEL_REPEATED),
        ],
    )
    methods = descriptor_pb2.DescriptorProto(
        name="SupportedMethods",
        field=[
            Field(
                name="methods",
                number=1,
                type=Field.TYPE_MESSAGE,
                type_name=f".{PACKAGE}.SupportedMethod",
                label=Field.LABEL_REPEATED,
            ),
            _text("event_store_server_version", 2),
        ],
    )
    return descriptor_pb2.FileDescriptorProto(
        name="serverfeatures.proto", package=PACKAGE, syntax="proto3", message_type=[method, methods]
    )


def _text(name: str, number: int) -> Field:
    return Field(name=name, number=number, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)


def _supported() -> Any:
    services = [*streams_pb2.DESCRIPTOR.services_by_name.values(), *gossip_pb2.DESCRIPTOR.services_by_name.values()]
    kinds = messages()
    return kinds["SupportedMethods"](
        event_store_server_version=VERSION,
        methods=[
            kinds["SupportedMethod"](
                method_name=method.name.lower(),
                service_name=service.full_name.lower(),
                features=FEATURES.get(method.name, []),
            )
            for service in services
            for method in service.methods
        ],
    )

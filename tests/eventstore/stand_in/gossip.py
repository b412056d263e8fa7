"""The service ``event_store.client.gossip.Gossip``: who is there, and who leads."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import grpc
from kurrentdbclient.protos.v1 import gossip_pb2, gossip_pb2_grpc, shared_pb2


class Member(NamedTuple):
    """A node of the cluster, as the others know it."""

    instance_id: str
    host: str
    port: int
    lives: bool
    leads: bool


class Gossip(gossip_pb2_grpc.GossipServicer):
    def __init__(self, members: Callable[[], Sequence[Member]]) -> None:
        self._members = members

    async def Read(self, request: shared_pb2.Empty, context: grpc.aio.ServicerContext) -> gossip_pb2.ClusterInfo:
        return gossip_pb2.ClusterInfo(members=map(_info, self._members()))


def _info(member: Member) -> gossip_pb2.MemberInfo:
    states = gossip_pb2.MemberInfo
    return gossip_pb2.MemberInfo(
        instance_id=shared_pb2.UUID(string=member.instance_id),
        time_stamp=time.time_ns() // 100,
        state=states.Leader if member.leads else states.Follower,
        is_alive=member.lives,
        http_end_point=gossip_pb2.EndPoint(address=member.host, port=member.port),
    )

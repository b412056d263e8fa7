"""A grant and the posts it pays. Pure.

Source: VwV Integrationsmanagement; per full post and year 64,000 euros for a university degree or
51,000 euros for an intermediate qualification. The rates are the grant's own data, not constants.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TypeAlias, assert_never

from services.casework.commands import AwardGrant, CreatePost, FillPost, VacatePost
from shared.contracts.casework import GrantAwarded, PostCreated, PostFilled, PostVacated, Qualification
from shared.contracts.model import EmployeeId
from shared.execute import Decider, Refused

GrantEvent: TypeAlias = GrantAwarded | PostCreated | PostFilled | PostVacated
GrantCommand: TypeAlias = AwardGrant | CreatePost | FillPost | VacatePost


@dataclass(frozen=True, slots=True)
class Post:
    """``changed_on``: the day on which it was created, last filled or last vacated."""

    qualification: Qualification
    fte: Decimal
    changed_on: date
    holder: EmployeeId | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """``amount`` in euros, ``rates`` in euros per full post and year."""

    awarded: bool = False
    awarded_on: date = date.min
    until: date = date.min
    amount: Decimal = Decimal(0)
    rates: Mapping[Qualification, Decimal] = field(default_factory=dict)
    posts: Mapping[str, Post] = field(default_factory=dict)

    def committed(self, posts: Iterable[Post]) -> Decimal:
        """What the posts cost in a year, in euros."""
        return sum((post.fte * self.rates[post.qualification] for post in posts), Decimal(0))


def evolve(grant: Grant, event: GrantEvent) -> Grant:
    match event:
        case GrantAwarded():
            return Grant(
                awarded=True,
                awarded_on=event.occurred_on,
                until=event.until,
                amount=event.amount,
                rates={"graduate": event.rate_graduate, "intermediate": event.rate_intermediate},
            )
        case PostCreated():
            return _with(grant, event.post_id, Post(event.qualification, event.fte, event.occurred_on))
        case PostFilled():
            filled = replace(grant.posts[event.post_id], holder=event.employee_id, changed_on=event.occurred_on)
            return _with(grant, event.post_id, filled)
        case PostVacated():
            vacant = replace(grant.posts[event.post_id], holder=None, changed_on=event.occurred_on)
            return _with(grant, event.post_id, vacant)
        case _:
            assert_never(event)


def decide(grant: Grant, command: GrantCommand, employees: Collection[EmployeeId]) -> Sequence[GrantEvent]:
    match command:
        case AwardGrant():
            return _award(command)
        case _ if not grant.awarded:
            raise Refused("unknown-grant", grant=command.grant_id)
        case CreatePost():
            return _create(grant, command)
        case FillPost():
            return _fill(grant, command, employees)
        case VacatePost():
            return _vacate(grant, command)
        case _:
            assert_never(command)


def decider(employees: Collection[EmployeeId]) -> Decider[Grant, GrantCommand, GrantEvent]:
    """``employees``: of those whom the command names, the ones who exist."""
    return Decider(Grant(), evolve, lambda state, command: decide(state, command, employees))


def _with(grant: Grant, post_id: str, post: Post) -> Grant:
    return replace(grant, posts={**grant.posts, post_id: post})


def _award(command: AwardGrant) -> list[GrantEvent]:
    if command.until < command.awarded_on:
        raise Refused("grant-ends-before-start")
    if command.amount <= 0 or command.rate_graduate <= 0 or command.rate_intermediate <= 0:
        raise Refused("amount-not-positive")
    return [
        GrantAwarded(
            occurred_on=command.awarded_on,
            grant_id=command.grant_id,
            amount=command.amount,
            until=command.until,
            rate_graduate=command.rate_graduate,
            rate_intermediate=command.rate_intermediate,
        )
    ]


def _create(grant: Grant, command: CreatePost) -> list[GrantEvent]:
    if not 0 < command.fte <= 1:
        raise Refused("fte-out-of-range")
    if not grant.awarded_on <= command.created_on <= grant.until:
        raise Refused("post-outside-grant", grant=command.grant_id)
    post = Post(command.qualification, command.fte, command.created_on)
    committed = grant.committed([*grant.posts.values(), post])
    if committed > grant.amount:
        raise Refused("grant-exceeded", amount=str(grant.amount), committed=str(committed))
    return [
        PostCreated(
            occurred_on=command.created_on,
            grant_id=command.grant_id,
            post_id=command.post_id,
            qualification=command.qualification,
            fte=command.fte,
        )
    ]


def _post(grant: Grant, post_id: str) -> Post:
    if post_id not in grant.posts:
        raise Refused("unknown-post", post=post_id)
    return grant.posts[post_id]


def _fill(grant: Grant, command: FillPost, employees: Collection[EmployeeId]) -> list[GrantEvent]:
    post = _post(grant, command.post_id)
    if command.employee_id not in employees:
        raise Refused("unknown-employee", employee=command.employee_id)
    if post.holder is not None:
        raise Refused("post-already-filled", post=command.post_id)
    if command.filled_on < post.changed_on:
        raise Refused("filled-too-early", post=command.post_id, since=post.changed_on.isoformat())
    return [
        PostFilled(
            occurred_on=command.filled_on,
            grant_id=command.grant_id,
            post_id=command.post_id,
            employee_id=command.employee_id,
        )
    ]


def _vacate(grant: Grant, command: VacatePost) -> list[GrantEvent]:
    post = _post(grant, command.post_id)
    if post.holder is None:
        raise Refused("post-already-vacant", post=command.post_id)
    if command.vacated_on < post.changed_on:
        raise Refused("vacated-too-early", post=command.post_id, since=post.changed_on.isoformat())
    return [PostVacated(occurred_on=command.vacated_on, grant_id=command.grant_id, post_id=command.post_id)]

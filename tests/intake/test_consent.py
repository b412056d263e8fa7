"""Notice, consent, refusal and withdrawal."""

from __future__ import annotations

from dataclasses import replace

from services.intake.commands import GiveConsent, GiveNotice, RefuseConsent, WithdrawConsent
from shared.contracts.intake import ConsentGiven, ConsentRefused, ConsentWithdrawn, NoticeGiven
from tests.given import given
from tests.intake.examples import PERSON, day, fold, intake, registered

given_in_march = ConsentGiven(person_id=PERSON, scope="disclosure", occurred_on=day("2018-03-01"))
refused_in_april = ConsentRefused(person_id=PERSON, scope="disclosure", occurred_on=day("2018-04-01"))
withdrawn_in_may = ConsentWithdrawn(person_id=PERSON, scope="disclosure", occurred_on=day("2018-05-01"))
withdraw = WithdrawConsent(person_id=PERSON, scope="disclosure", withdrawn_on=day("2018-05-01"))


def test_notice_consent_and_refusal_are_recorded() -> None:
    given(intake, registered).when(GiveNotice(person_id=PERSON, language="Arabic", given_on=day("2018-03-01"))).then(
        NoticeGiven(person_id=PERSON, language="Arabic", occurred_on=day("2018-03-01"))
    )
    given(intake, registered).when(GiveConsent(person_id=PERSON, scope="disclosure", given_on=day("2018-03-01"))).then(
        given_in_march
    )
    given(intake, registered, given_in_march).when(
        RefuseConsent(person_id=PERSON, scope="disclosure", refused_on=day("2018-04-01"))
    ).then(refused_in_april)


def test_a_consent_that_stands_can_be_withdrawn() -> None:
    given(intake, registered, given_in_march).when(withdraw).then(withdrawn_in_may)
    again = replace(given_in_march, occurred_on=day("2018-04-15"))
    given(intake, registered, given_in_march, refused_in_april, again).when(withdraw).then(withdrawn_in_may)


def test_what_was_never_given_cannot_be_withdrawn() -> None:
    given(intake, registered).when(withdraw).then_refused("no-consent-to-withdraw", entry="disclosure")
    given(intake, registered, given_in_march).when(replace(withdraw, scope="advice_documentation")).then_refused(
        "no-consent-to-withdraw", entry="advice_documentation"
    )


def test_what_was_given_only_later_cannot_be_withdrawn_before() -> None:
    given(intake, registered, given_in_march).when(replace(withdraw, withdrawn_on=day("2018-02-01"))).then_refused(
        "no-consent-to-withdraw"
    )


def test_what_no_longer_stands_cannot_be_withdrawn() -> None:
    given(intake, registered, given_in_march, refused_in_april).when(withdraw).then_refused("no-consent-to-withdraw")
    given(intake, registered, given_in_march, withdrawn_in_may).when(
        replace(withdraw, withdrawn_on=day("2018-06-01"))
    ).then_refused("no-consent-to-withdraw")


def test_a_refusal_learnt_late_must_not_empty_a_withdrawal() -> None:
    given(intake, registered, given_in_march, withdrawn_in_may).when(
        RefuseConsent(person_id=PERSON, scope="disclosure", refused_on=day("2018-04-01"))
    ).then_refused("no-consent-to-withdraw")


def test_what_stands_depends_on_the_day() -> None:
    person = fold(registered, given_in_march, withdrawn_in_may)
    assert person is not None
    days = ("2018-02-28", "2018-03-01", "2018-04-30", "2018-05-01")
    standing = [person.consents.standing("disclosure", day(d)) for d in days]
    assert [statement and statement.answer for statement in standing] == [None, "given", "given", "withdrawn"]

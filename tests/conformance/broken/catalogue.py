"""Every broken adapter, and the checks that must catch it: C19, the check of the checks."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.broken import networks, others, payments
from conformance.mock_harness import MockAccountOnTrial, MockHarness, WrapGateway
from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import PaymentSnapshot
from core.domain.payments import Payment, PaymentStatus
from entrypoints.conformance.checks import c10_event_order
from ports.gateway_plugin import Gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """
    An adapter with one mistake.

    Attributes:
        meant: The check that is there for this mistake.
        caught_by: The test of that check which says it best.
        also: Others that see it as well, because the mistake hurts them too.
    """

    name: str
    meant: str
    caught_by: str
    harness: MockHarness
    also: frozenset[str] = frozenset()

    @property
    def fails(self) -> frozenset[str]:
        """All checks that it must fail; it must pass the rest."""
        return self.also | {self.meant}


def the_last_event_wins(payment: Payment, seen: PaymentSnapshot, *, now: datetime) -> Payment:
    """A merge that overwrites, in place of the core's: what came last is taken for what is so."""
    status = PaymentStatus(seen.status.value)
    return replace(payment, status=status, captured=seen.captured, authorized=seen.authorized, updated_at=now)


@dataclass(slots=True)
class OverwritingHarness(MockHarness):
    """The adapter is right, and the core merges wrongly: the check must see that too."""

    @asynccontextmanager
    async def account(self) -> AsyncGenerator[MockAccountOnTrial]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(c10_event_order, "observe_payment", the_last_event_wins)
            async with MockHarness.account(self) as account:
                yield account


class IgnoresSettings(MockAccountOnTrial):
    """The factory takes any settings."""

    def gateway(self, base_url: str, *, more_settings: Mapping[str, str] | None = None, **others: Any) -> Gateway:
        return super().gateway(base_url, **others)


class ShowsLessThanItDoes(MockAccountOnTrial):
    """Opened with everything, and declaring less."""

    def gateway(
        self,
        base_url: str,
        *,
        without: GatewayOperation | None = None,
        currencies: frozenset[str] | None = None,
        **others: Any,
    ) -> Gateway:
        gateway = super().gateway(base_url, **others)
        shown = replace(
            gateway.capabilities,
            operations={each: how for each, how in gateway.capabilities.operations.items() if each is not without},
            currencies=currencies,
        )
        assert gateway.payments is not None
        eager = payments.DoesWhatItDoesNotDeclare(gateway.payments._account)  # type: ignore[attr-defined]  # the mock's
        eager.shown = shown
        if without is GatewayOperation.CREATE_PAYMENT:
            return replace(gateway, capabilities=shown, payments=None)
        return replace(gateway, capabilities=shown, payments=eager)


def _payments(kind: Callable[[Any], Any]) -> WrapGateway:
    def wrap(gateway: Gateway) -> Gateway:
        if gateway.payments is None:
            return gateway
        broken = kind(gateway.payments._account)  # type: ignore[attr-defined]  # the mock's
        return replace(gateway, payments=broken, capabilities=broken.capabilities)

    return wrap


def _payouts(kind: Callable[[Any], Any]) -> WrapGateway:
    def wrap(gateway: Gateway) -> Gateway:
        ours = gateway.payouts
        return gateway if ours is None else replace(gateway, payouts=kind(ours._account))  # type: ignore[attr-defined]  # the mock's

    return wrap


def _movements(kind: Callable[[Any], Any]) -> WrapGateway:
    def wrap(gateway: Gateway) -> Gateway:
        ours = gateway.movements
        return gateway if ours is None else replace(gateway, movements=kind(ours._account))  # type: ignore[attr-defined]  # the mock's

    return wrap


def _webhooks(kind: Callable[..., Any]) -> WrapGateway:
    def wrap(gateway: Gateway) -> Gateway:
        ours: Any = gateway.webhooks
        return replace(gateway, webhooks=kind(ours._account_id, ours._reader))

    return wrap


def _broken(
    name: str, meant: str, caught_by: str, *, also: str | None = None, harness: MockHarness | None = None, **broken: Any
) -> Broken:
    return Broken(
        name=name,
        meant=meant,
        caught_by=f"test_{caught_by}",
        harness=harness or MockHarness(name=name, **broken),
        also=frozenset() if also is None else frozenset({also}),
    )


BROKEN = (
    _broken(
        "does_what_it_does_not_declare",
        "C01",
        "an_undeclared_operation_is_refused_without_a_call",
        account_kind=ShowsLessThanItDoes,
    ),
    _broken(
        "cancels_anything", "C02", "a_captured_payment_cannot_be_canceled", wrap=_payments(payments.CancelsAnything)
    ),
    _broken(
        "captures_what_is_left",
        "C02",
        "more_than_is_authorized_cannot_be_captured",
        wrap=_payments(payments.CapturesWhatIsLeft),
    ),
    _broken(
        "negative_refunds_go_out",
        "C03",
        "a_refund_that_is_not_positive_is_refused_without_a_call",
        wrap=_payments(payments.NegativeRefundsGoOut),
    ),
    _broken(
        "refunds_are_all_accepted",
        "C03",
        "more_than_was_captured_cannot_be_refunded",
        wrap=_payments(payments.RefundsAreAllAccepted),
    ),
    _broken(
        "unknown_codes_are_hard",
        "C04",
        "an_unknown_code_is_no_hard_decline",
        wrap=_payments(payments.UnknownCodesAreHard),
    ),
    _broken(
        "fails_over_stolen_cards",
        "C04",
        "every_decline_has_its_code_and_class",
        wrap=_payments(payments.FailsOverStolenCards),
    ),
    _broken(
        "without_key",
        "C05",
        "every_request_for_an_effect_carries_its_own_key",
        also="C07",
        wrap_http=networks.WithoutKey,
    ),
    _broken(
        "fresh_key_each_time",
        "C05",
        "the_same_payment_twice_is_one_payment",
        also="C07",
        wrap_http=networks.FreshKeyEachTime,
    ),
    _broken(
        "mismatch_is_some_refusal",
        "C05",
        "the_same_key_for_something_else_is_refused",
        wrap=_payments(payments.MismatchIsSomeRefusal),
    ),
    _broken(
        "timeouts_are_declines",
        "C06",
        "what_may_have_happened_is_unknown",
        also="C07",
        wrap=_payments(payments.TimeoutsAreDeclines),
    ),
    _broken(
        "server_errors_are_refusals",
        "C06",
        "what_may_have_happened_is_unknown",
        wrap_http=networks.ServerErrorsAreRefusals,
    ),
    _broken("busy_means_sent", "C06", "too_many_requests_did_not_begin", wrap_http=networks.BusyMeansSent),
    _broken(
        "failed_look_ups_are_absence",
        "C07",
        "a_look_up_that_fails_tells_nothing",
        wrap=_payments(payments.FailedLookUpsAreAbsence),
    ),
    _broken(
        "proves_what_it_cannot",
        "C07",
        "absence_is_proof_only_where_that_is_declared",
        wrap=_payments(payments.ProvesWhatItCannot),
    ),
    _broken(
        "takes_the_first_of_two",
        "C07",
        "two_payments_with_our_reference_are_a_conflict",
        wrap=_payments(payments.TakesTheFirstOfTwo),
    ),
    _broken("repeats_by_itself", "C08", "the_adapter_repeats_nothing_by_itself", wrap_http=networks.RepeatsBusyAnswers),
    _broken("deadline_of_its_own", "C08", "past_the_deadline_nothing_is_sent", wrap_http=networks.DeadlineOfItsOwn),
    _broken(
        "one_command_at_a_time", "C08", "many_calls_at_once_do_not_mix", wrap=_payments(payments.OneCommandAtATime)
    ),
    _broken("verifies_nothing", "C09", "a_wrong_secret_is_refused", wrap=_webhooks(others.VerifiesNothing)),
    _broken(
        "time_does_not_matter", "C09", "an_old_or_future_timestamp_is_refused", wrap=_webhooks(others.TimeDoesNotMatter)
    ),
    _broken(
        "the_future_is_fine", "C09", "an_old_or_future_timestamp_is_refused", wrap=_webhooks(others.TheFutureIsFine)
    ),
    _broken("blank_secrets_work", "C09", "an_empty_secret_lets_nobody_in", wrap=_webhooks(others.BlankSecretsWork)),
    _broken(
        "one_secret_only", "C09", "two_secrets_overlap_while_one_is_replaced", wrap=_webhooks(others.OneSecretOnly)
    ),
    _broken("anybodys_events", "C09", "an_event_of_another_account_is_refused", wrap=_webhooks(others.AnybodysEvents)),
    _broken(
        "tells_what_was_added",
        "C10",
        "events_say_what_is_so_in_all_not_what_was_added",
        wrap=_webhooks(others.TellsWhatWasAdded),
    ),
    _broken(
        "the_last_event_wins",
        "C10",
        "events_in_any_order_and_twice_end_the_same",
        harness=OverwritingHarness(name="the_last_event_wins"),
    ),
    _broken(
        "charges_again_on_return",
        "C11",
        "the_payers_return_and_a_poll_at_once_capture_once",
        wrap=_payments(payments.ChargesAgainOnReturn),
    ),
    _broken(
        "forgets_our_reference",
        "C11",
        "a_webhook_before_the_answer_names_our_reference",
        also="C10",
        wrap=_webhooks(others.ForgetsOurReference),
    ),
    _broken(
        "refunds_succeed_for_ever",
        "C12",
        "a_refund_that_fails_after_its_success_is_seen",
        wrap=_payments(payments.RefundsSucceedForEver),
    ),
    _broken(
        "paid_is_for_ever",
        "C12",
        "a_payout_that_comes_back_after_it_was_paid_is_seen",
        also="C17",
        wrap=_payouts(others.PaidIsForEver),
    ),
    _broken(
        "amounts_are_not_compared",
        "C13",
        "a_payment_that_is_not_what_we_asked_for_is_a_conflict",
        wrap=_payments(payments.AmountsAreNotCompared),
    ),
    _broken(
        "payout_amounts_are_not_compared",
        "C13",
        "a_payout_that_is_not_what_we_asked_for_is_a_conflict",
        wrap=_payouts(others.PayoutAmountsAreNotCompared),
    ),
    _broken("believes_the_browser", "C14", "a_return_never_marks_paid", wrap=_payments(payments.BelievesTheBrowser)),
    _broken("shows_its_headers", "C15", "credentials_are_in_no_text", wrap=_payments(payments.ShowsItsHeaders)),
    _broken(
        "repeats_the_providers_words",
        "C15",
        "what_a_decline_says_about_a_payer_is_struck_out",
        wrap=_payments(payments.RepeatsTheProvidersWords),
    ),
    _broken(
        "skips_at_the_page_break",
        "C16",
        "an_exhausted_cursor_gives_what_comes_later",
        wrap=_movements(others.SkipsAtThePageBreak),
    ),
    _broken(
        "ends_before_the_end", "C16", "a_cursor_goes_on_where_it_was_left", wrap=_movements(others.EndsBeforeTheEnd)
    ),
    _broken(
        "failed_pages_are_empty",
        "C16",
        "a_page_that_was_not_read_is_no_page",
        wrap=_movements(others.FailedPagesAreEmpty),
    ),
    _broken(
        "cancels_any_payout", "C17", "a_payout_that_left_cannot_be_canceled", wrap=_payouts(others.CancelsAnyPayout)
    ),
    _broken("every_key_is_good", "C18", "a_bad_key_is_found", wrap=_payments(payments.EveryKeyIsGood)),
    _broken("ignores_settings", "C18", "an_unknown_setting_is_refused", account_kind=IgnoresSettings),
)

by_name = SimpleNamespace(**{each.name: each.harness for each in BROKEN})
"""For `--gateway-harness=conformance.broken.catalogue:by_name.without_key`."""

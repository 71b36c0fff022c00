"""The one place where ports meet adapters."""

from pathlib import Path

from dependency_injector import containers, providers

from adapters.crypto.api_keys import ApiKeyAuthenticator, ApiKeySmith
from adapters.crypto.checkpoint_signatures import Ed25519CheckpointChecker, Ed25519CheckpointSigner, make_key_file
from adapters.crypto.cipher import AesGcmCipher
from adapters.gateways.account_gateways import AccountGateways
from adapters.gateways.registry import GatewayRegistry, Loading
from adapters.http.outgoing_url_policy import GuardedOutgoingUrlPolicy
from adapters.http.provider_http import HttpcoreProviderHttp
from adapters.http.resolver import SystemResolver
from adapters.http.webhook_sender import HttpWebhookSender
from adapters.postgres.account_opening import PostgresAccountOpening
from adapters.postgres.api_key_finder import PostgresApiKeyFinder
from adapters.postgres.checkpoint_repository import PostgresCheckpointRepository
from adapters.postgres.connection import DatabaseAddress
from adapters.postgres.database import Database
from adapters.postgres.due_work import PostgresDueWork
from adapters.postgres.event_log import PostgresEventLog
from adapters.postgres.group_commit import GroupCommit, connector
from adapters.postgres.hold_reader import PostgresHoldReader
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.leadership import PostgresLeadership
from adapters.postgres.ledger import Ledger
from adapters.postgres.ledger_inspection import PostgresLedgerInspection
from adapters.postgres.ledger_upkeep import PostgresLedgerUpkeep
from adapters.postgres.migrate import migrate
from adapters.postgres.money_in_doubt_reader import PostgresMoneyInDoubtReader
from adapters.postgres.record_retention import PostgresRecordRetention
from adapters.postgres.roles import prepare_database
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from adapters.postgres.wallet_directory import PostgresWalletDirectory
from adapters.postgres.wallet_reader import PostgresWalletReader
from adapters.postgres.webhook_delivery_reader import PostgresWebhookDeliveryReader
from adapters.redis.connection import RedisConnection
from adapters.redis.relay_wake import RedisRelayWake
from adapters.secrets.directory import SecretDirectory
from adapters.streams.event_publisher import StreamEventPublisher
from adapters.streams.worker import StreamsWorker
from adapters.system.clock import SystemClock
from adapters.system.id_generator import Uuid7Generator
from core.application.access.register_tenant import RegisterTenantHandler
from core.application.assets.create_asset import CreateAssetHandler
from core.application.assets.list_assets import ListAssetsHandler
from core.application.dead_letters.bury_job import BuryJobHandler
from core.application.dead_letters.discard_dead_letter import DiscardDeadLetterHandler
from core.application.dead_letters.read_dead_letters import ReadDeadLettersHandler
from core.application.dead_letters.redrive_dead_letter import RedriveDeadLetterHandler
from core.application.dead_letters.redrive_open_dead_letters import RedriveOpenDeadLettersHandler
from core.application.gateway_accounts.change_gateway_account import ChangeGatewayAccountHandler
from core.application.gateway_accounts.check_gateway_account import CheckGatewayAccountHandler
from core.application.gateway_accounts.create_gateway_account import CreateGatewayAccountHandler
from core.application.gateway_accounts.follow_movements import FollowMovementsHandler
from core.application.gateway_accounts.read_gateway_accounts import ReadGatewayAccountsHandler
from core.application.gateway_events.apply_gateway_event import ApplyGatewayEventHandler
from core.application.gateway_events.read_gateway_events import ReadGatewayEventsHandler
from core.application.gateway_events.receive_gateway_event import ReceiveGatewayEventHandler
from core.application.holds.capture_hold import CaptureHoldHandler
from core.application.holds.expire_holds import ExpireHoldsHandler
from core.application.holds.place_hold import PlaceHoldHandler
from core.application.holds.read_holds import ReadHoldsHandler
from core.application.holds.release_hold import ReleaseHoldHandler
from core.application.integrity.export_ledger import ExportLedgerHandler
from core.application.integrity.maintain_ledger import MaintainLedgerHandler
from core.application.integrity.take_checkpoint import TakeCheckpointHandler
from core.application.integrity.verify_ledger import VerifyLedgerHandler
from core.application.operations.hurry_operation import HurryOperationHandler
from core.application.operations.inline_operation import InlineOperation
from core.application.operations.read_operations import ReadOperationsHandler
from core.application.operations.resolve_operation import ResolveOperationHandler
from core.application.operations.run_operation import RunOperationHandler
from core.application.orders.fulfil_order import FulfilOrder
from core.application.orders.order_round import OrderRound
from core.application.orders.place_order import PlaceOrderHandler
from core.application.orders.read_orders import ReadOrdersHandler
from core.application.orders.retry_order import RetryOrderHandler
from core.application.outbox.read_events import ReadEventsHandler
from core.application.outbox.relay_events import RelayEventsHandler
from core.application.oversight.read_money_in_doubt import ReadMoneyInDoubtHandler
from core.application.payments.cancel_payment import CancelPayment
from core.application.payments.capture_payment import CapturePayment
from core.application.payments.clear_review import ClearReviewHandler
from core.application.payments.confirm_payment import ConfirmPaymentHandler
from core.application.payments.create_payment import CreatePaymentHandler
from core.application.payments.declared_capability import DeclaredCapability
from core.application.payments.end_steps import EndSteps
from core.application.payments.expire_payments import ExpirePaymentsHandler
from core.application.payments.gateway_of_payment import GatewayOfPayment
from core.application.payments.look_up_payment import LookUpPayment
from core.application.payments.look_up_quiet_payments import LookUpQuietPaymentsHandler
from core.application.payments.payment_news import PaymentNews
from core.application.payments.read_payments import ReadPaymentsHandler
from core.application.payments.request_cancellation import RequestCancellationHandler
from core.application.payments.request_capture import RequestCaptureHandler
from core.application.payments.settle_payment import PaymentSettlement
from core.application.payments.submit_payment import SubmitPayment
from core.application.reconciliation.read_reconciliations import ReadReconciliationsHandler
from core.application.reconciliation.reconcile_ledger import ReconcileLedgerHandler
from core.application.reconciliation.request_reconciliation import RequestReconciliationHandler
from core.application.refunds.create_refund import CreateRefundHandler
from core.application.refunds.read_refunds import ReadRefundsHandler
from core.application.refunds.settle_refund import RefundSettlement
from core.application.refunds.submit_refund import SubmitRefund
from core.application.retention.forget_old_records import ForgetOldRecordsHandler
from core.application.sweeping.queue_due_work import QueueDueWorkHandler
from core.application.transfers.move_user_money import MoveUserMoneyHandler
from core.application.transfers.move_wallet_money import MoveWalletMoneyHandler
from core.application.transfers.post_batch import PostBatchHandler
from core.application.transfers.read_transfers import ReadTransfersHandler
from core.application.transfers.reverse_transfer import ReverseTransferHandler
from core.application.transfers.transfer_between_wallets import TransferBetweenWalletsHandler
from core.application.wallets.change_wallet import ChangeWalletHandler
from core.application.wallets.open_wallet import OpenWalletHandler
from core.application.wallets.read_entries import ReadEntriesHandler
from core.application.wallets.read_wallets import ReadWalletsHandler
from core.application.webhooks.change_endpoint import ChangeEndpointHandler
from core.application.webhooks.delete_endpoint import DeleteEndpointHandler
from core.application.webhooks.deliver_webhooks import DeliverWebhooksHandler
from core.application.webhooks.read_deliveries import ReadDeliveriesHandler
from core.application.webhooks.read_endpoints import ReadEndpointsHandler
from core.application.webhooks.redeliver import RedeliverHandler
from core.application.webhooks.register_endpoint import RegisterEndpointHandler
from core.application.webhooks.rotate_secret import RotateSecretHandler
from core.application.webhooks.send_test_event import SendTestEventHandler
from core.domain.attempts import AttemptPolicy
from core.domain.orders import FULFIL_ORDER
from core.domain.payments import CANCEL_PAYMENT, CAPTURE_PAYMENT, SUBMIT_PAYMENT
from core.domain.refunds import SUBMIT_REFUND
from entrypoints import adapters_from_settings as chosen
from entrypoints.alerts import operation_wants_a_person
from entrypoints.health_check import ProcessHealth
from entrypoints.settings import Settings


class Container(containers.DeclarativeContainer):
    """Settings, then resources, then adapters, then use cases; everything is made when it is first asked for."""

    settings = providers.Dependency(instance_of=Settings)

    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(Uuid7Generator)
    pepper = providers.Callable(Settings.pepper, settings)

    address = providers.Singleton(chosen.address, settings)
    database = providers.Singleton(Database, address, pool_size=settings.provided.database_pool_size)
    sessions = database.provided.sessions
    reading_sessions = database.provided.reading_sessions

    redis = providers.Singleton(RedisConnection, providers.Callable(chosen.redis_url, settings))
    relay_wake = providers.Singleton(RedisRelayWake, providers.Callable(chosen.redis_url, settings))
    health_check = providers.Singleton(ProcessHealth, database.provided.ping, redis.provided.state)

    ledger = providers.Singleton(Ledger, ids)
    cipher = providers.Singleton(AesGcmCipher, providers.Callable(Settings.sealing_key, settings))
    unit_of_work = providers.Factory(PostgresUnitOfWork, sessions, ledger, ids, cipher.provider, relay_wake)
    journal = providers.Singleton(PostgresJournal, reading_sessions)
    wallet_reader = providers.Singleton(PostgresWalletReader, reading_sessions)
    hold_reader = providers.Singleton(PostgresHoldReader, reading_sessions)
    wallet_directory = providers.Singleton(PostgresWalletDirectory, reading_sessions)
    account_opening = providers.Singleton(PostgresAccountOpening, sessions)
    api_key_finder = providers.Singleton(PostgresApiKeyFinder, reading_sessions)
    api_key_smith = providers.Singleton(ApiKeySmith, pepper, clock)
    authenticator = providers.Singleton(ApiKeyAuthenticator, api_key_finder, pepper, clock)
    posting = providers.Singleton(
        GroupCommit, providers.Callable(connector, address), ledger, committed=relay_wake.provided.nudge
    )

    register_tenant = providers.Singleton(RegisterTenantHandler, unit_of_work.provider)
    create_asset = providers.Singleton(CreateAssetHandler, unit_of_work.provider)
    list_assets = providers.Singleton(ListAssetsHandler, unit_of_work.provider)
    open_wallet = providers.Singleton(OpenWalletHandler, unit_of_work.provider, ids)
    change_wallet = providers.Singleton(ChangeWalletHandler, unit_of_work.provider)
    read_wallets = providers.Singleton(ReadWalletsHandler, wallet_reader, journal)
    read_entries = providers.Singleton(ReadEntriesHandler, wallet_reader, journal)
    move_wallet_money = providers.Singleton(MoveWalletMoneyHandler, posting, wallet_directory, account_opening, ids)
    move_user_money = providers.Singleton(
        MoveUserMoneyHandler, posting, wallet_directory, account_opening, unit_of_work.provider, ids
    )
    transfer_between_wallets = providers.Singleton(TransferBetweenWalletsHandler, posting, ids)
    post_batch = providers.Singleton(PostBatchHandler, posting, ids)
    reverse_transfer = providers.Singleton(ReverseTransferHandler, posting, journal, ids)
    read_transfers = providers.Singleton(ReadTransfersHandler, journal, hold_reader)
    place_hold = providers.Singleton(PlaceHoldHandler, posting, wallet_directory, account_opening, ids)
    capture_hold = providers.Singleton(CaptureHoldHandler, posting, hold_reader, account_opening, ids)
    release_hold = providers.Singleton(ReleaseHoldHandler, posting, hold_reader, ids)
    expire_holds = providers.Singleton(ExpireHoldsHandler, posting, hold_reader, ids, clock)
    read_holds = providers.Singleton(ReadHoldsHandler, hold_reader)

    attempt_policy = providers.Object(AttemptPolicy())
    provider_http = providers.Singleton(HttpcoreProviderHttp, clock)
    fulfilment = providers.Singleton(chosen.fulfilment, settings, provider_http)
    fulfil_order = providers.Singleton(FulfilOrder, fulfilment, unit_of_work.provider, ids, attempt_policy)
    secrets = providers.Singleton(SecretDirectory, settings.provided.secrets_directory)
    gateway_registry = providers.Singleton(GatewayRegistry.load, Loading.SKIP)
    gateway_http = providers.Factory(HttpcoreProviderHttp, clock)
    gateways = providers.Singleton(AccountGateways, gateway_registry, secrets, gateway_http.provider)
    gateway_of_payment = providers.Singleton(GatewayOfPayment, unit_of_work.provider, gateways)
    payment_settlement = providers.Singleton(PaymentSettlement, ids)
    refund_settlement = providers.Singleton(RefundSettlement, ids)
    operation_drivers = providers.Dict(
        {
            FULFIL_ORDER: fulfil_order,
            SUBMIT_PAYMENT: providers.Singleton(SubmitPayment, gateway_of_payment, payment_settlement, attempt_policy),
            CAPTURE_PAYMENT: providers.Singleton(
                CapturePayment, gateway_of_payment, payment_settlement, unit_of_work.provider, attempt_policy
            ),
            CANCEL_PAYMENT: providers.Singleton(CancelPayment, gateway_of_payment, payment_settlement, attempt_policy),
            SUBMIT_REFUND: providers.Singleton(
                SubmitRefund, gateway_of_payment, refund_settlement, unit_of_work.provider, attempt_policy
            ),
        }
    )
    end_steps = providers.Singleton(EndSteps, operation_drivers)
    payment_news = providers.Singleton(PaymentNews, operation_drivers, end_steps, payment_settlement)
    look_up_payment = providers.Singleton(
        LookUpPayment, unit_of_work.provider, gateway_of_payment, payment_news, payment_settlement, ids, clock
    )
    run_operation = providers.Singleton(
        RunOperationHandler,
        unit_of_work.provider,
        operation_drivers,
        clock,
        alert=providers.Object(operation_wants_a_person),
    )
    hurry_operation = providers.Singleton(HurryOperationHandler, unit_of_work.provider)
    resolve_operation = providers.Singleton(ResolveOperationHandler, unit_of_work.provider, operation_drivers)
    read_operations = providers.Singleton(ReadOperationsHandler, unit_of_work.provider)

    bury_job = providers.Singleton(BuryJobHandler, unit_of_work.provider)
    streams_queue = providers.Singleton(chosen.streams_queue, settings, bury_job)
    queue_page = providers.Singleton(chosen.queue_page, settings, streams_queue.provider)
    job_queue = providers.Singleton(chosen.job_queue, settings, streams_queue.provider)
    event_publisher = providers.Singleton(StreamEventPublisher, providers.Callable(chosen.required_redis_url, settings))
    worker = providers.Factory(
        StreamsWorker,
        streams_queue,
        concurrency=settings.provided.worker_concurrency,
        shutdown_grace_period_s=providers.Callable(chosen.whole_seconds, settings.provided.shutdown_grace_seconds),
    )
    leadership = providers.Singleton(PostgresLeadership, address)
    event_log = providers.Singleton(PostgresEventLog, sessions, ids)
    due_work = providers.Singleton(PostgresDueWork, reading_sessions)
    relay_events = providers.Singleton(RelayEventsHandler, event_log, event_publisher, job_queue)
    queue_due_work = providers.Singleton(QueueDueWorkHandler, due_work, job_queue)
    redrive_dead_letter = providers.Singleton(RedriveDeadLetterHandler, unit_of_work.provider, job_queue)
    redrive_open_dead_letters = providers.Singleton(RedriveOpenDeadLettersHandler, unit_of_work.provider, job_queue)
    discard_dead_letter = providers.Singleton(DiscardDeadLetterHandler, unit_of_work.provider)
    read_dead_letters = providers.Singleton(ReadDeadLettersHandler, unit_of_work.provider)

    resolver = providers.Singleton(SystemResolver)
    address_guard = providers.Singleton(chosen.address_guard, settings, resolver)
    outgoing_url_policy = providers.Singleton(GuardedOutgoingUrlPolicy, address_guard)
    webhook_sender = providers.Singleton(HttpWebhookSender, address_guard)
    webhook_delivery_reader = providers.Singleton(PostgresWebhookDeliveryReader, reading_sessions)
    register_webhook_endpoint = providers.Singleton(
        RegisterEndpointHandler, unit_of_work.provider, outgoing_url_policy, ids
    )
    change_webhook_endpoint = providers.Singleton(ChangeEndpointHandler, unit_of_work.provider, outgoing_url_policy)
    delete_webhook_endpoint = providers.Singleton(DeleteEndpointHandler, unit_of_work.provider)
    rotate_webhook_secret = providers.Singleton(RotateSecretHandler, unit_of_work.provider)
    read_webhook_endpoints = providers.Singleton(ReadEndpointsHandler, unit_of_work.provider)
    send_test_event = providers.Singleton(SendTestEventHandler, unit_of_work.provider)
    read_webhook_deliveries = providers.Singleton(ReadDeliveriesHandler, webhook_delivery_reader)
    redeliver_webhooks = providers.Singleton(RedeliverHandler, unit_of_work.provider)
    deliver_webhooks = providers.Singleton(
        DeliverWebhooksHandler, unit_of_work.provider, event_log, webhook_sender, clock
    )
    read_events = providers.Singleton(ReadEventsHandler, event_log)

    inline_operation = providers.Singleton(
        InlineOperation, unit_of_work.provider, run_operation.provided.first_attempt, clock, attempt_policy
    )
    order_round = providers.Singleton(
        OrderRound, inline_operation, account_opening, providers.Callable(chosen.has_fulfilment, settings)
    )
    place_order = providers.Singleton(PlaceOrderHandler, order_round, wallet_reader, wallet_directory, ids)
    retry_order = providers.Singleton(RetryOrderHandler, order_round, unit_of_work.provider, ids)
    read_orders = providers.Singleton(ReadOrdersHandler, unit_of_work.provider)
    declared_capability = providers.Singleton(DeclaredCapability, gateways)
    create_payment = providers.Singleton(
        CreatePaymentHandler,
        inline_operation,
        declared_capability,
        unit_of_work.provider,
        account_opening,
        gateways,
        wallet_reader,
        wallet_directory,
        ids,
    )
    confirm_payment = providers.Singleton(ConfirmPaymentHandler, unit_of_work.provider, run_operation, look_up_payment)
    read_payments = providers.Singleton(ReadPaymentsHandler, unit_of_work.provider)
    request_capture = providers.Singleton(RequestCaptureHandler, inline_operation, declared_capability, ids)
    request_cancellation = providers.Singleton(RequestCancellationHandler, inline_operation, declared_capability, ids)
    create_refund = providers.Singleton(CreateRefundHandler, inline_operation, declared_capability, ids)
    read_refunds = providers.Singleton(ReadRefundsHandler, unit_of_work.provider)
    look_up_quiet_payments = providers.Singleton(LookUpQuietPaymentsHandler, unit_of_work.provider, look_up_payment)
    clear_review = providers.Singleton(ClearReviewHandler, unit_of_work.provider)
    expire_payments = providers.Singleton(
        ExpirePaymentsHandler, unit_of_work.provider, declared_capability, payment_settlement, ids
    )
    receive_gateway_event = providers.Singleton(
        ReceiveGatewayEventHandler, unit_of_work.provider, gateways, job_queue, ids, clock
    )
    apply_gateway_event = providers.Singleton(
        ApplyGatewayEventHandler,
        unit_of_work.provider,
        gateways,
        operation_drivers,
        payment_news,
        refund_settlement,
    )

    read_gateway_events = providers.Singleton(ReadGatewayEventsHandler, unit_of_work.provider)
    create_gateway_account = providers.Singleton(
        CreateGatewayAccountHandler, unit_of_work.provider, gateways, outgoing_url_policy, ids
    )
    change_gateway_account = providers.Singleton(
        ChangeGatewayAccountHandler, unit_of_work.provider, gateways, outgoing_url_policy
    )
    follow_movements = providers.Singleton(FollowMovementsHandler, unit_of_work.provider, gateways, ids, clock)
    check_gateway_account = providers.Singleton(CheckGatewayAccountHandler, unit_of_work.provider, gateways, ids, clock)
    read_gateway_accounts = providers.Singleton(ReadGatewayAccountsHandler, unit_of_work.provider)
    money_in_doubt_reader = providers.Singleton(PostgresMoneyInDoubtReader, reading_sessions)
    read_money_in_doubt = providers.Singleton(ReadMoneyInDoubtHandler, money_in_doubt_reader)

    ledger_inspection = providers.Singleton(PostgresLedgerInspection, sessions)
    ledger_upkeep = providers.Singleton(PostgresLedgerUpkeep, sessions)
    checkpoint_repository = providers.Singleton(PostgresCheckpointRepository, sessions)
    checkpoint_signer = providers.Singleton(Ed25519CheckpointSigner, settings.provided.checkpoint_key_file)
    checkpoint_checker = providers.Singleton(chosen.checker, settings)
    checkpoint_sink = providers.Singleton(chosen.sink, settings)
    verify_ledger = providers.Singleton(
        VerifyLedgerHandler, ledger_inspection, checkpoint_repository, checkpoint_checker, checkpoint_sink
    )
    take_checkpoint = providers.Singleton(
        TakeCheckpointHandler, checkpoint_repository, checkpoint_signer, checkpoint_sink, clock
    )
    export_ledger = providers.Singleton(ExportLedgerHandler, ledger_inspection, checkpoint_repository, clock)
    maintain_ledger = providers.Singleton(MaintainLedgerHandler, ledger_upkeep)
    record_retention = providers.Singleton(PostgresRecordRetention, sessions)
    forget_old_records = providers.Singleton(
        ForgetOldRecordsHandler, ledger_upkeep, record_retention, settings.provided.delivery_retention_days
    )
    reconcile_ledger = providers.Singleton(ReconcileLedgerHandler, verify_ledger, unit_of_work.provider)
    request_reconciliation = providers.Singleton(RequestReconciliationHandler, unit_of_work.provider, ids, job_queue)
    read_reconciliations = providers.Singleton(ReadReconciliationsHandler, unit_of_work.provider)


def migrate_database(owner_url: str) -> None:
    """Bring the database at *owner_url* to the newest schema; see `adapters.postgres.migrate`."""
    migrate(DatabaseAddress(owner_url))


def checkpoint_checker(public_key_hex: str | None) -> Ed25519CheckpointChecker:
    """
    A checker without a database or settings, trusting only that key when one is given.

    Raises:
        ValueError: If the key is not hexadecimal.
    """
    return Ed25519CheckpointChecker(None if public_key_hex is None else bytes.fromhex(public_key_hex))


def make_checkpoint_key(path: Path) -> None:
    """A fresh signing key in *path*, unless there is one; see `adapters.crypto.checkpoint_signatures`."""
    make_key_file(path)


async def prepare_server(admin_url: str, database: str, *, owner_password: str, login_password: str) -> tuple[str, str]:
    """Database and login roles on a fresh server: the owner's URL and the application's."""
    owner, login = await prepare_database(
        DatabaseAddress(admin_url), database, owner_password=owner_password, login_password=login_password
    )
    return owner.url, login.url

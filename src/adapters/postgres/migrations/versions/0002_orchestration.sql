-- Orchestration: what is asked of the outside world, what is told to it, and what went wrong on the way.

-- The clock of schedules -----------------------------------------------------------------------------------------------

-- Leases and schedules go by the database's clock, which all processes share. Only the tables' owner may move it, in
-- tests: production leaves it alone. The journal's own moments never go through it.
CREATE TABLE schedule_clock (
    single boolean NOT NULL DEFAULT true,
    ahead interval NOT NULL DEFAULT '0',
    CONSTRAINT schedule_clock_pkey PRIMARY KEY (single),
    CONSTRAINT schedule_clock_is_one_row CHECK (single)
);
INSERT INTO schedule_clock DEFAULT VALUES;

CREATE FUNCTION schedule_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT clock_timestamp() + ahead FROM schedule_clock
$$;

-- Operations -----------------------------------------------------------------------------------------------------------

CREATE TABLE operations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    subject uuid NOT NULL,
    asset text NOT NULL,
    amount bigint NOT NULL,
    params_digest bytea NOT NULL,
    gateway_account uuid,
    key uuid NOT NULL,
    cause text NOT NULL,
    ordinal integer NOT NULL,
    trace_id text NOT NULL,
    created_at timestamptz NOT NULL,
    state text NOT NULL,
    attempt integer NOT NULL,
    submissions integer NOT NULL,
    lookups integer NOT NULL,
    unknown_since timestamptz,
    next_attempt_at timestamptz,
    provider_ref text,
    last_error text,
    updated_at timestamptz NOT NULL,
    key_window interval,
    CONSTRAINT operations_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT operations_one_per_key UNIQUE (tenant_id, key),
    CONSTRAINT operations_tenant_exists FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT operations_amount_range CHECK (amount BETWEEN 1 AND 1000000000000000),
    CONSTRAINT operations_digest_length CHECK (octet_length(params_digest) = 32),
    CONSTRAINT operations_counts CHECK (attempt >= 0 AND submissions >= 0 AND lookups >= 0),
    CONSTRAINT operations_state_known CHECK (state IN ('reserved', 'submitting', 'provider_pending', 'unknown',
        'needs_review', 'succeeded', 'declined', 'rejected')),
    CONSTRAINT operations_end_has_no_next_attempt CHECK (
        state NOT IN ('succeeded', 'declined', 'rejected') OR next_attempt_at IS NULL)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX operations_one_active_per_subject ON operations (tenant_id, subject)
    WHERE state NOT IN ('succeeded', 'declined', 'rejected');
CREATE INDEX operations_by_subject ON operations (tenant_id, subject, id);
CREATE INDEX operations_due ON operations (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX operations_by_state ON operations (tenant_id, state, id)
    WHERE state NOT IN ('succeeded', 'declined', 'rejected');

-- Repeats core.domain.operations.TRANSITIONS; what an operation is for never changes, and its fence only grows.
CREATE FUNCTION operations_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.tenant_id, OLD.id, OLD.kind, OLD.subject, OLD.asset, OLD.amount, OLD.params_digest, OLD.key, OLD.cause,
        OLD.ordinal, OLD.trace_id, OLD.created_at)
       IS DISTINCT FROM
       (NEW.tenant_id, NEW.id, NEW.kind, NEW.subject, NEW.asset, NEW.amount, NEW.params_digest, NEW.key, NEW.cause,
        NEW.ordinal, NEW.trace_id, NEW.created_at) OR OLD.gateway_account IS DISTINCT FROM NEW.gateway_account THEN
        RAISE EXCEPTION 'what an operation is for never changes'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'operations_keep_their_intent';
    END IF;
    IF NEW.attempt < OLD.attempt THEN
        RAISE EXCEPTION 'an attempt number never goes back'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'operations_fence_grows';
    END IF;
    IF OLD.state = NEW.state THEN
        IF OLD.state IN ('succeeded', 'declined', 'rejected') THEN
            RAISE EXCEPTION 'an operation that ended stays as it is'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'operations_move_legally';
        END IF;
    ELSIF NOT (CASE OLD.state
        WHEN 'reserved' THEN NEW.state = 'submitting'
        WHEN 'submitting' THEN true
        WHEN 'provider_pending' THEN NEW.state NOT IN ('reserved', 'submitting')
        WHEN 'unknown' THEN NEW.state <> 'reserved'
        WHEN 'needs_review' THEN NEW.state IN ('succeeded', 'declined', 'rejected')
        ELSE false
    END) THEN
        RAISE EXCEPTION 'an operation in % cannot become %', OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'operations_move_legally';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER operations_move_legally BEFORE UPDATE ON operations
    FOR EACH ROW EXECUTE FUNCTION operations_move();

-- What each attempt saw; also what came too late to count.
CREATE TABLE operation_attempts (
    tenant_id uuid NOT NULL,
    operation_id uuid NOT NULL,
    attempt integer NOT NULL,
    step text NOT NULL,
    outcome text NOT NULL,
    detail text,
    counted boolean NOT NULL,
    ended_at timestamptz NOT NULL,
    CONSTRAINT operation_attempts_pkey PRIMARY KEY (tenant_id, operation_id, attempt, ended_at),
    CONSTRAINT operation_attempts_operation_exists FOREIGN KEY (tenant_id, operation_id)
        REFERENCES operations (tenant_id, id)
);

-- A request whose first answer is still being made: until then a repetition is told to wait (docs/decisions/0010).
ALTER TABLE idempotency_keys ADD COLUMN settles_at timestamptz;

-- Orders ---------------------------------------------------------------------------------------------------------------

CREATE TABLE orders (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    user_id text NOT NULL,
    asset text NOT NULL,
    amount bigint NOT NULL,
    items json NOT NULL,
    reference text,
    description text,
    metadata json,
    status text NOT NULL,
    round integer NOT NULL,
    operation_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    settlement_id uuid,
    fulfilment_ref text,
    failure_code text,
    failure_message text,
    trace_id text NOT NULL,
    placed_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT orders_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT orders_wallet_exists FOREIGN KEY (tenant_id, wallet_id) REFERENCES wallets (tenant_id, id),
    CONSTRAINT orders_amount_range CHECK (amount BETWEEN 1 AND 1000000000000000),
    CONSTRAINT orders_status_known CHECK (status IN ('pending', 'paid', 'fulfilling', 'completed', 'failed')),
    CONSTRAINT orders_settled_when_ended CHECK ((status IN ('completed', 'failed')) = (settlement_id IS NOT NULL)),
    CONSTRAINT orders_say_why_they_failed CHECK ((status = 'failed') = (failure_code IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX orders_by_wallet ON orders (tenant_id, wallet_id, id);
CREATE INDEX orders_by_status ON orders (tenant_id, status, id);
CREATE UNIQUE INDEX orders_one_per_reference ON orders (tenant_id, reference) WHERE reference IS NOT NULL;

CREATE FUNCTION orders_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> NEW.status AND NOT (CASE OLD.status
        WHEN 'pending' THEN NEW.status = 'paid'
        WHEN 'paid' THEN NEW.status = 'fulfilling'
        WHEN 'fulfilling' THEN NEW.status IN ('completed', 'failed')
        WHEN 'failed' THEN NEW.status = 'paid'
        ELSE false
    END) THEN
        RAISE EXCEPTION 'an order that is % cannot become %', OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'orders_move_legally';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER orders_move_legally BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION orders_move();

-- Events ---------------------------------------------------------------------------------------------------------------

-- The outbox is a queue, read tenant by tenant in the order of time: its key says so. Rows leave it for the event log.
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey;
ALTER TABLE outbox ADD CONSTRAINT outbox_pkey PRIMARY KEY (tenant_id, occurred_at, ordinal, id);
ALTER TABLE outbox ADD COLUMN payload json;
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
                        autovacuum_vacuum_cost_delay = 0);

-- Every event, in its tenant's order, without gaps. payload: null where the journal holds what there is to say.
CREATE TABLE events (
    tenant_id uuid NOT NULL,
    position bigint NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    subject uuid NOT NULL,
    trace_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    payload json,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT events_pkey PRIMARY KEY (tenant_id, position)
);
CREATE UNIQUE INDEX events_by_id ON events (tenant_id, id);
CREATE INDEX events_by_type ON events (tenant_id, type, position);
CREATE INDEX events_by_age ON events USING brin (recorded_at);

-- How far each tenant's events are numbered, and how far the downstream stream has them.
CREATE TABLE event_positions (
    tenant_id uuid NOT NULL,
    recorded bigint NOT NULL DEFAULT 0,
    published bigint NOT NULL DEFAULT 0,
    CONSTRAINT event_positions_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT event_positions_in_order CHECK (published BETWEEN 0 AND recorded)
) WITH (fillfactor = 50);
CREATE INDEX event_positions_unpublished ON event_positions (tenant_id) WHERE published < recorded;

-- Tenant by tenant, each tenant's oldest first: one tenant's flood leaves room for the others, and the next call goes on
-- behind the last tenant served. Rows are taken by their exact keys: what commits late is late, never skipped.
-- It runs as the owner, so that the application can neither lose an event nor make one up in the log. Planned once for all
-- sizes of outbox: by its key, in order, never read and sorted whole.
CREATE FUNCTION record_events(after uuid, share integer, batch integer)
RETURNS TABLE (tenant uuid, place bigint, event uuid, event_type text, event_subject uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_sort = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
    WITH RECURSIVE tenant (tenant_id) AS (
        (SELECT tenant_id FROM outbox WHERE tenant_id > after ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT waiting.tenant_id FROM outbox AS waiting WHERE waiting.tenant_id > tenant.tenant_id
                ORDER BY waiting.tenant_id LIMIT 1)
        FROM tenant WHERE tenant.tenant_id IS NOT NULL
    ), chosen AS (
        SELECT waiting.tenant_id, waiting.occurred_at, waiting.ordinal, waiting.id
        FROM tenant CROSS JOIN LATERAL (
            SELECT tenant_id, occurred_at, ordinal, id FROM outbox WHERE outbox.tenant_id = tenant.tenant_id
            ORDER BY occurred_at, ordinal, id LIMIT share
        ) AS waiting
        LIMIT batch
    ), taken AS (
        DELETE FROM outbox USING chosen
        WHERE outbox.tenant_id = chosen.tenant_id AND outbox.occurred_at = chosen.occurred_at
          AND outbox.ordinal = chosen.ordinal AND outbox.id = chosen.id
        RETURNING outbox.*
    ), counted AS (
        INSERT INTO event_positions AS known (tenant_id, recorded)
        SELECT tenant_id, count(*) FROM taken GROUP BY tenant_id ORDER BY tenant_id
        ON CONFLICT (tenant_id) DO UPDATE SET recorded = known.recorded + excluded.recorded
        RETURNING tenant_id, recorded
    )
    INSERT INTO events (tenant_id, position, id, type, subject, trace_id, occurred_at, payload)
    SELECT taken.tenant_id,
           counted.recorded - count(*) OVER (PARTITION BY taken.tenant_id)
               + row_number() OVER (PARTITION BY taken.tenant_id ORDER BY taken.occurred_at, taken.ordinal, taken.id),
           taken.id, taken.type, taken.subject, taken.trace_id, taken.occurred_at, taken.payload
    FROM taken JOIN counted ON counted.tenant_id = taken.tenant_id
    RETURNING tenant_id, position, id, type, subject
$$;

-- Outgoing webhooks ----------------------------------------------------------------------------------------------------

CREATE TABLE webhook_endpoints (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    url text NOT NULL,
    description text NOT NULL,
    event_types text[] NOT NULL,
    status text NOT NULL,
    disabled_reason text,
    sealed_secrets bytea NOT NULL,
    failing_since timestamptz,
    resume_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    trace_id text DEFAULT nullif(current_setting('bursar.trace_id', true), ''),
    CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhook_endpoints_tenant_exists FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT webhook_endpoints_status_known CHECK (status IN ('enabled', 'disabled')),
    CONSTRAINT webhook_endpoints_say_why_disabled CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL))
);

CREATE TABLE webhook_deliveries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_position bigint NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    attempt integer NOT NULL DEFAULT 0,
    round_attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    last_status integer,
    last_error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhook_deliveries_one_per_event UNIQUE (tenant_id, endpoint_id, event_position),
    CONSTRAINT webhook_deliveries_endpoint_exists FOREIGN KEY (tenant_id, endpoint_id)
        REFERENCES webhook_endpoints (tenant_id, id),
    CONSTRAINT webhook_deliveries_status_known CHECK (status IN ('pending', 'succeeded', 'failed', 'canceled')),
    CONSTRAINT webhook_deliveries_due_while_pending CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, endpoint_id, next_attempt_at, event_position)
    WHERE status = 'pending';
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (tenant_id, endpoint_id, id);
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (tenant_id, event_position);
CREATE INDEX webhook_deliveries_given_up ON webhook_deliveries (tenant_id, id) WHERE status IN ('failed', 'canceled');
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries USING brin (created_at);

-- Each event as it was first sent, so that no attempt and no redelivery ever has another body, whatever became of the
-- event's month or of the code that composes it. The application may add and forget, but not change.
CREATE TABLE webhook_messages (
    tenant_id uuid NOT NULL,
    event_position bigint NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT webhook_messages_pkey PRIMARY KEY (tenant_id, event_position),
    CONSTRAINT webhook_messages_length CHECK (octet_length(body) BETWEEN 1 AND 19999)
);

CREATE TABLE webhook_attempts (
    tenant_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    attempt integer NOT NULL,
    attempted_at timestamptz NOT NULL,
    status integer,
    error text,
    duration_ms integer NOT NULL,
    excerpt text NOT NULL,
    CONSTRAINT webhook_attempts_pkey PRIMARY KEY (tenant_id, delivery_id, attempt),
    CONSTRAINT webhook_attempts_delivery_exists FOREIGN KEY (tenant_id, delivery_id)
        REFERENCES webhook_deliveries (tenant_id, id) ON DELETE CASCADE
);

-- Dead letters ---------------------------------------------------------------------------------------------------------

-- Jobs of no tenant (schedules) are kept under the nil tenant, for the platform's own command line.
CREATE TABLE dead_letters (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    queue text NOT NULL,
    job_key text NOT NULL,
    name text NOT NULL,
    arguments json NOT NULL,
    attempts integer NOT NULL,
    reason text NOT NULL,
    history json NOT NULL,
    status text NOT NULL DEFAULT 'open',
    first_enqueued_at timestamptz,
    died_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT dead_letters_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT dead_letters_status_known CHECK (status IN ('open', 'redriven', 'discarded')),
    CONSTRAINT dead_letters_closed_or_open CHECK ((status = 'open') = (closed_at IS NULL))
);
CREATE UNIQUE INDEX dead_letters_one_open_per_job ON dead_letters (queue, job_key) WHERE status = 'open';
CREATE INDEX dead_letters_by_age ON dead_letters (tenant_id, died_at, id);

-- Reconciliation -------------------------------------------------------------------------------------------------------

CREATE TABLE reconciliations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    accounts_checked bigint NOT NULL,
    entries_checked bigint NOT NULL,
    break_count integer NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    attempts integer NOT NULL,
    next_attempt_at timestamptz,
    failure text,
    trace_id text DEFAULT nullif(current_setting('bursar.trace_id', true), ''),
    CONSTRAINT reconciliations_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT reconciliations_kind_known CHECK (kind IN ('internal', 'external')),
    CONSTRAINT reconciliations_status_known CHECK (status IN ('running', 'clean', 'broken', 'failed')),
    CONSTRAINT reconciliations_attempts_counted CHECK (attempts >= 0),
    CONSTRAINT reconciliations_due_while_running CHECK ((status = 'running') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT reconciliations_failed_for_a_reason CHECK (status <> 'failed' OR failure IS NOT NULL),
    CONSTRAINT reconciliations_finished_with_a_result CHECK ((status = 'running') = (finished_at IS NULL))
);
CREATE UNIQUE INDEX reconciliations_one_running ON reconciliations (tenant_id, kind) WHERE status = 'running';
CREATE INDEX reconciliations_due ON reconciliations (next_attempt_at) WHERE status = 'running';

CREATE TABLE reconciliation_breaks (
    tenant_id uuid NOT NULL,
    reconciliation_id uuid NOT NULL,
    number integer NOT NULL,
    type text NOT NULL,
    account_id uuid,
    sequence bigint,
    detail text NOT NULL,
    CONSTRAINT reconciliation_breaks_pkey PRIMARY KEY (tenant_id, reconciliation_id, number),
    CONSTRAINT reconciliation_breaks_run_exists FOREIGN KEY (tenant_id, reconciliation_id)
        REFERENCES reconciliations (tenant_id, id)
);

-- Grants ---------------------------------------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION schedule_now(), operations_move(), orders_move(), record_events(uuid, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION schedule_now(), record_events(uuid, integer, integer) TO bursar_application;
GRANT SELECT ON schedule_clock, operations, operation_attempts, orders, events, event_positions, webhook_endpoints,
    webhook_deliveries, webhook_messages, webhook_attempts, dead_letters, reconciliations, reconciliation_breaks
    TO bursar_application;
GRANT INSERT ON operations, operation_attempts, orders, webhook_endpoints,
    webhook_deliveries, webhook_messages, webhook_attempts, dead_letters, reconciliations, reconciliation_breaks
    TO bursar_application;
GRANT UPDATE (status, round, operation_id, payment_id, settlement_id, fulfilment_ref, failure_code, failure_message,
    updated_at) ON orders TO bursar_application;
GRANT UPDATE ON operations, webhook_endpoints, webhook_deliveries, dead_letters TO bursar_application;
GRANT UPDATE (status, accounts_checked, entries_checked, break_count, finished_at, attempts, next_attempt_at, failure)
    ON reconciliations TO bursar_application;
GRANT UPDATE (published) ON event_positions TO bursar_application;
GRANT UPDATE (status, body, settles_at) ON idempotency_keys TO bursar_application;
GRANT DELETE ON webhook_deliveries, webhook_messages, webhook_attempts TO bursar_application;

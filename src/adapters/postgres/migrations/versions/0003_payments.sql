-- Payments through providers.

CREATE TABLE gateway_accounts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    gateway text NOT NULL,
    name text NOT NULL,
    enabled boolean NOT NULL,
    credentials_secret text NOT NULL,
    webhook_secrets text[] NOT NULL,
    settings json NOT NULL,
    movement_cursor text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    trace_id text DEFAULT nullif(current_setting('bursar.trace_id', true), ''),
    CONSTRAINT gateway_accounts_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT gateway_accounts_tenant_exists FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT gateway_accounts_one_per_name UNIQUE (tenant_id, name)
);
CREATE UNIQUE INDEX gateway_accounts_by_id ON gateway_accounts (id);

-- The second look-up across tenants: whose account does a provider's webhook name?
CREATE FUNCTION find_gateway_account(account_id uuid) RETURNS SETOF gateway_accounts
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM gateway_accounts WHERE id = account_id
$$;

-- Why an operation ended in a no; the text in last_error is for people.
ALTER TABLE operations ADD COLUMN failure json;

-- One active operation a subject; only a cancellation may begin while the submission still waits for the payer.
DROP INDEX operations_one_active_per_subject;
CREATE UNIQUE INDEX operations_one_active_per_subject ON operations (tenant_id, subject)
    WHERE state NOT IN ('succeeded', 'declined', 'rejected') AND kind <> 'payment.cancel';
CREATE UNIQUE INDEX operations_one_active_cancellation_per_subject ON operations (tenant_id, subject)
    WHERE state NOT IN ('succeeded', 'declined', 'rejected') AND kind = 'payment.cancel';

-- Which gateway account an account's money is at; for people, since the account's id follows from it.
ALTER TABLE accounts ADD COLUMN gateway_account uuid;

CREATE TABLE payments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    user_id text NOT NULL,
    asset text NOT NULL,
    amount bigint NOT NULL,
    capture text NOT NULL,
    gateway_account uuid NOT NULL,
    method text,
    return_url text,
    reference text,
    description text,
    metadata json,
    operation_id uuid NOT NULL,
    trace_id text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    status text NOT NULL,
    provider_ref text,
    authorized bigint NOT NULL,
    captured bigint NOT NULL,
    refunded bigint NOT NULL,
    refund_pending bigint NOT NULL,
    fee bigint NOT NULL,
    next_action json,
    method_summary json,
    failure json,
    review text,
    provider_updated_at timestamptz,
    updated_at timestamptz NOT NULL,
    asked_at timestamptz,
    expiry_tries smallint NOT NULL DEFAULT 0,
    expiry_tried_at timestamptz,
    CONSTRAINT payments_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT payments_wallet_exists FOREIGN KEY (tenant_id, wallet_id) REFERENCES wallets (tenant_id, id),
    CONSTRAINT payments_gateway_account_exists FOREIGN KEY (tenant_id, gateway_account)
        REFERENCES gateway_accounts (tenant_id, id),
    CONSTRAINT payments_amount_range CHECK (amount BETWEEN 1 AND 1000000000000000),
    CONSTRAINT payments_capture_known CHECK (capture IN ('automatic', 'manual')),
    CONSTRAINT payments_status_known CHECK (status IN ('created', 'requires_action', 'processing', 'authorized',
        'partially_captured', 'captured', 'closed', 'failed', 'canceled', 'expired')),
    CONSTRAINT payments_amounts_fit CHECK (authorized BETWEEN 0 AND amount AND captured BETWEEN 0 AND amount AND fee >= 0),
    CONSTRAINT payments_refunds_never_exceed_the_capture CHECK (
        refunded >= 0 AND refund_pending >= 0 AND refunded + refund_pending <= captured)
) WITH (fillfactor = 70);
CREATE INDEX payments_by_wallet ON payments (tenant_id, wallet_id, id);
CREATE INDEX payments_by_status ON payments (tenant_id, status, id);
CREATE INDEX payments_by_provider_ref ON payments (tenant_id, gateway_account, provider_ref)
    WHERE provider_ref IS NOT NULL;
CREATE UNIQUE INDEX payments_one_per_reference ON payments (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX payments_unpaid ON payments (expires_at) WHERE status IN ('created', 'requires_action');
CREATE INDEX payments_under_review ON payments (tenant_id, id) WHERE review IS NOT NULL;

-- Repeats core.domain.payments: a status is reached by legal moves (over lost news too), and what was captured stays.
CREATE FUNCTION payments_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.wallet_id, OLD.asset, OLD.amount, OLD.capture, OLD.gateway_account, OLD.operation_id)
       IS DISTINCT FROM (NEW.wallet_id, NEW.asset, NEW.amount, NEW.capture, NEW.gateway_account, NEW.operation_id) THEN
        RAISE EXCEPTION 'what a payment is for never changes'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'payments_keep_their_intent';
    END IF;
    IF NEW.captured < OLD.captured OR NEW.authorized < OLD.authorized OR NEW.fee < OLD.fee THEN
        RAISE EXCEPTION 'amounts of a payment only grow'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'payments_amounts_grow';
    END IF;
    IF OLD.status <> NEW.status AND NOT (CASE OLD.status
        WHEN 'created' THEN true
        WHEN 'requires_action' THEN NEW.status <> 'created'
        WHEN 'processing' THEN NEW.status <> 'created'
        WHEN 'authorized' THEN NEW.status IN ('partially_captured', 'captured', 'closed', 'canceled', 'expired')
        WHEN 'partially_captured' THEN NEW.status IN ('captured', 'closed')
        WHEN 'failed' THEN NEW.status = 'captured'
        ELSE false
    END) THEN
        RAISE EXCEPTION 'a payment that is % cannot become %', OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'payments_move_legally';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_move_legally BEFORE UPDATE ON payments FOR EACH ROW EXECUTE FUNCTION payments_move();

-- What each capture asked for; the payment has what came of all of them.
CREATE TABLE captures (
    tenant_id uuid NOT NULL,
    operation_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    amount bigint NOT NULL,
    final boolean NOT NULL,
    captured_before bigint NOT NULL,
    CONSTRAINT captures_pkey PRIMARY KEY (tenant_id, operation_id),
    CONSTRAINT captures_payment_exists FOREIGN KEY (tenant_id, payment_id) REFERENCES payments (tenant_id, id),
    CONSTRAINT captures_amount_range CHECK (amount BETWEEN 1 AND 1000000000000000)
);

CREATE TABLE refunds (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    gateway_account uuid NOT NULL,
    asset text NOT NULL,
    amount bigint NOT NULL,
    origin text NOT NULL,
    reason text,
    reference text,
    operation_id uuid,
    trace_id text NOT NULL,
    created_at timestamptz NOT NULL,
    status text NOT NULL,
    provider_ref text,
    failure json,
    updated_at timestamptz NOT NULL,
    CONSTRAINT refunds_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT refunds_payment_exists FOREIGN KEY (tenant_id, payment_id) REFERENCES payments (tenant_id, id),
    CONSTRAINT refunds_amount_range CHECK (amount BETWEEN 1 AND 1000000000000000),
    CONSTRAINT refunds_origin_known CHECK (origin IN ('api', 'provider')),
    CONSTRAINT refunds_ours_have_an_operation CHECK ((origin = 'api') = (operation_id IS NOT NULL)),
    CONSTRAINT refunds_status_known CHECK (status IN ('created', 'pending', 'succeeded', 'failed', 'canceled'))
) WITH (fillfactor = 70);
CREATE INDEX refunds_by_payment ON refunds (tenant_id, payment_id, id);
CREATE UNIQUE INDEX refunds_one_per_provider_ref ON refunds (tenant_id, gateway_account, provider_ref)
    WHERE provider_ref IS NOT NULL;

CREATE FUNCTION refunds_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.payment_id, OLD.wallet_id, OLD.asset, OLD.amount) IS DISTINCT FROM
       (NEW.payment_id, NEW.wallet_id, NEW.asset, NEW.amount) THEN
        RAISE EXCEPTION 'what a refund is for never changes'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'refunds_keep_their_intent';
    END IF;
    IF OLD.status <> NEW.status AND NOT (CASE OLD.status
        WHEN 'created' THEN true
        WHEN 'pending' THEN NEW.status IN ('succeeded', 'failed', 'canceled')
        WHEN 'succeeded' THEN NEW.status = 'failed'
        ELSE false
    END) THEN
        RAISE EXCEPTION 'a refund that is % cannot become %', OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'refunds_move_legally';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refunds_move_legally BEFORE UPDATE ON refunds FOR EACH ROW EXECUTE FUNCTION refunds_move();

-- What providers told us, as it came: stored once, then applied by a worker, again if need be.
CREATE TABLE gateway_events (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    gateway_account uuid NOT NULL,
    event_id text NOT NULL,
    event_type text NOT NULL,
    body bytea NOT NULL,
    body_digest bytea NOT NULL,
    is_first boolean NOT NULL,
    occurred_at timestamptz,
    received_at timestamptz NOT NULL,
    times_received integer NOT NULL DEFAULT 1,
    status text NOT NULL DEFAULT 'received',
    detail text,
    applied_at timestamptz,
    trace_id text NOT NULL,
    CONSTRAINT gateway_events_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT gateway_events_account_exists FOREIGN KEY (tenant_id, gateway_account)
        REFERENCES gateway_accounts (tenant_id, id),
    CONSTRAINT gateway_events_status_known CHECK (status IN ('received', 'applied', 'ignored', 'unmatched', 'conflicting')),
    -- One of core.domain.gateways.MAX_WEBHOOK_BYTES may be longer once its card numbers are masked.
    CONSTRAINT gateway_events_body_size CHECK (octet_length(body) <= 2097152)
);
CREATE UNIQUE INDEX gateway_events_once ON gateway_events (tenant_id, gateway_account, event_id, body_digest);
-- Of several bodies under one id one is the first, which alone is applied by itself; an operator may apply another.
CREATE UNIQUE INDEX gateway_events_one_first ON gateway_events (tenant_id, gateway_account, event_id) WHERE is_first;
CREATE INDEX gateway_events_waiting ON gateway_events (received_at) WHERE status IN ('received', 'unmatched');
CREATE INDEX gateway_events_by_account ON gateway_events (tenant_id, gateway_account, id);

REVOKE ALL ON FUNCTION find_gateway_account(uuid), payments_move(), refunds_move() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_gateway_account(uuid) TO bursar_application;
GRANT SELECT, INSERT, UPDATE ON gateway_accounts, payments, refunds, gateway_events TO bursar_application;
GRANT SELECT, INSERT ON captures TO bursar_application;
GRANT INSERT (gateway_account) ON accounts TO bursar_application;

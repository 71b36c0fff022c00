-- The ledger: tables whose constraints and triggers repeat the core's rules, so that raw SQL cannot break the books.
--
-- Two roles: the owner of these tables runs migrations; bursar_application is what the API and the worker act as.
-- It may append to the journal and nothing else there; balances move only by the trigger on entries.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bursar_application') THEN
        CREATE ROLE bursar_application NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database of this server was migrated just now
END $$;
GRANT USAGE ON SCHEMA public TO bursar_application;

-- Who -----------------------------------------------------------------------------------------------------------------

CREATE TABLE tenants (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE api_keys (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    environment text NOT NULL,
    secret_hash bytea NOT NULL,
    last_four text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT api_keys_tenant_exists FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT api_keys_role_known CHECK (role IN ('application', 'operator')),
    CONSTRAINT api_keys_environment_known CHECK (environment IN ('live', 'test'))
);
CREATE UNIQUE INDEX api_keys_by_id ON api_keys (id);

-- trace_id: the request a row came from; the unit of work names it, unless the row says it itself.

-- What ----------------------------------------------------------------------------------------------------------------

CREATE TABLE assets (
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    exponent smallint NOT NULL,
    kind text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    trace_id text DEFAULT nullif(current_setting('bursar.trace_id', true), ''),
    CONSTRAINT assets_pkey PRIMARY KEY (tenant_id, code),
    CONSTRAINT assets_tenant_exists FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT assets_exponent_range CHECK (exponent BETWEEN 0 AND 8),
    CONSTRAINT assets_kind_known CHECK (kind IN ('currency', 'points'))
);

-- The columns from balance on are written by the trigger on entries alone.
-- fillfactor: every posting updates its accounts' rows, in place as long as the page has room.
CREATE TABLE accounts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    asset text NOT NULL,
    purpose text NOT NULL,
    wallet_id uuid,
    floor bigint,
    status text NOT NULL DEFAULT 'active',
    created_at timestamptz NOT NULL DEFAULT now(),
    trace_id text DEFAULT nullif(current_setting('bursar.trace_id', true), ''),
    debt_allowed boolean NOT NULL DEFAULT false,
    balance bigint NOT NULL DEFAULT 0,
    sequence bigint NOT NULL DEFAULT 0,
    chain bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    last_posted_at timestamptz NOT NULL DEFAULT 'epoch',
    CONSTRAINT accounts_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT accounts_asset_exists FOREIGN KEY (tenant_id, asset) REFERENCES assets (tenant_id, code),
    CONSTRAINT accounts_status_known CHECK (status IN ('active', 'frozen', 'closed')),
    CONSTRAINT accounts_wallet_has_floor CHECK (
        (purpose IN ('main', 'reserve')) = (wallet_id IS NOT NULL) AND (wallet_id IS NULL OR floor IS NOT DISTINCT FROM 0)
    ),
    CONSTRAINT accounts_balance_above_floor CHECK (balance >= floor OR debt_allowed),
    CONSTRAINT accounts_balance_range CHECK (balance BETWEEN -9007199254740991 AND 9007199254740991)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX accounts_one_per_wallet_and_purpose ON accounts (tenant_id, wallet_id, purpose)
    WHERE wallet_id IS NOT NULL;

CREATE TABLE wallets (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id text NOT NULL,
    asset text NOT NULL,
    metadata json,
    created_at timestamptz NOT NULL DEFAULT now(),
    trace_id text DEFAULT nullif(current_setting('bursar.trace_id', true), ''),
    CONSTRAINT wallets_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT wallets_one_per_user_and_asset UNIQUE (tenant_id, user_id, asset),
    CONSTRAINT wallets_main_account_exists FOREIGN KEY (tenant_id, id) REFERENCES accounts (tenant_id, id)
);

-- The journal ---------------------------------------------------------------------------------------------------------

CREATE TABLE transfers (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    posted_at timestamptz NOT NULL,
    type text NOT NULL,
    entry_count smallint NOT NULL,
    trace_id text NOT NULL,
    reference text,
    description text,
    metadata json,
    reversal_of uuid,
    hold_id uuid,
    CONSTRAINT transfers_pkey PRIMARY KEY (tenant_id, id, posted_at),
    CONSTRAINT transfers_entry_count_range CHECK (entry_count BETWEEN 2 AND 1000)
) PARTITION BY RANGE (posted_at);

-- direction is a sign: -1 debit, +1 credit; an account's balance is its credits minus its debits.
CREATE TABLE entries (
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    posted_at timestamptz NOT NULL,
    sequence bigint NOT NULL,
    transfer_id uuid NOT NULL,
    leg smallint NOT NULL,
    direction smallint NOT NULL,
    asset text NOT NULL,
    amount bigint NOT NULL,
    balance_after bigint NOT NULL,
    chain bytea NOT NULL,
    CONSTRAINT entries_pkey PRIMARY KEY (tenant_id, account_id, posted_at, sequence),
    CONSTRAINT entries_one_per_leg UNIQUE (tenant_id, transfer_id, leg, posted_at),
    CONSTRAINT entries_amount_range CHECK (amount BETWEEN 1 AND 1000000000000000),
    CONSTRAINT entries_direction_known CHECK (direction IN (-1, 1)),
    CONSTRAINT entries_chain_length CHECK (octet_length(chain) = 32)
) PARTITION BY RANGE (posted_at);

-- A unique constraint on a partitioned table must contain the partition key, so what is unique for ever lives here.
CREATE TABLE transfer_register (
    tenant_id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    posted_at timestamptz NOT NULL,
    entry_count smallint NOT NULL,
    CONSTRAINT transfer_register_pkey PRIMARY KEY (tenant_id, transfer_id)
);

CREATE TABLE transfer_keys (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    transfer_id uuid NOT NULL,
    CONSTRAINT transfer_keys_pkey PRIMARY KEY (tenant_id, kind, value),
    CONSTRAINT transfer_keys_kind_known CHECK (kind IN ('reference', 'reversal'))
);

-- Around the journal --------------------------------------------------------------------------------------------------

CREATE TABLE holds (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    asset text NOT NULL,
    amount bigint NOT NULL,
    captured bigint NOT NULL DEFAULT 0,
    released bigint NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'pending',
    expires_at timestamptz NOT NULL,
    placed_at timestamptz NOT NULL,
    reference text,
    description text,
    metadata json,
    trace_id text DEFAULT nullif(current_setting('bursar.trace_id', true), ''),
    CONSTRAINT holds_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT holds_wallet_exists FOREIGN KEY (tenant_id, wallet_id) REFERENCES wallets (tenant_id, id),
    CONSTRAINT holds_status_known CHECK (status IN ('pending', 'captured', 'released', 'expired')),
    CONSTRAINT holds_add_up CHECK (captured >= 0 AND released >= 0 AND captured + released <= amount),
    CONSTRAINT holds_pending_while_money_remains CHECK ((status = 'pending') = (captured + released < amount))
);
CREATE INDEX holds_by_wallet ON holds (tenant_id, wallet_id, id);
CREATE INDEX holds_due ON holds (tenant_id, expires_at) WHERE status = 'pending';

-- item: -1 the whole request, 0 and on the items of a batch.
CREATE TABLE idempotency_keys (
    tenant_id uuid NOT NULL,
    key text NOT NULL,
    item integer NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    body bytea NOT NULL,
    trace_id text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, key, item)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys USING brin (created_at);

CREATE TABLE outbox (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ordinal integer NOT NULL,
    type text NOT NULL,
    subject uuid NOT NULL,
    trace_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (tenant_id, id)
);

-- Proof ---------------------------------------------------------------------------------------------------------------

CREATE TABLE balance_snapshots (
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    month date NOT NULL,
    sequence bigint NOT NULL,
    balance bigint NOT NULL,
    chain bytea NOT NULL,
    taken_at timestamptz NOT NULL,
    CONSTRAINT balance_snapshots_pkey PRIMARY KEY (tenant_id, account_id, month)
);

CREATE TABLE checkpoints (
    tenant_id uuid NOT NULL,
    number bigint NOT NULL,
    taken_at timestamptz NOT NULL,
    previous bytea NOT NULL,
    root bytea NOT NULL,
    head_count integer NOT NULL,
    public_key bytea NOT NULL,
    signature bytea NOT NULL,
    CONSTRAINT checkpoints_pkey PRIMARY KEY (tenant_id, number)
);

CREATE TABLE checkpoint_heads (
    tenant_id uuid NOT NULL,
    number bigint NOT NULL,
    account_id uuid NOT NULL,
    sequence bigint NOT NULL,
    balance bigint NOT NULL,
    chain bytea NOT NULL,
    CONSTRAINT checkpoint_heads_pkey PRIMARY KEY (tenant_id, account_id, number)
);
-- A checkpoint's heads are read by its number; what was signed of an account, by the account.
CREATE UNIQUE INDEX checkpoint_heads_by_number ON checkpoint_heads (tenant_id, number, account_id);

-- Rules ---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the journal is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'journal_is_append_only';
END $$;

-- Registers each new transfer once and for ever, with its reference and what it reverses.
CREATE FUNCTION register_transfers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO transfer_register (tenant_id, transfer_id, posted_at, entry_count)
    SELECT tenant_id, id, posted_at, entry_count FROM new_transfers;
    INSERT INTO transfer_keys (tenant_id, kind, value, transfer_id)
    SELECT tenant_id, kind, value, id FROM (
        SELECT tenant_id, 'reference' AS kind, reference AS value, id FROM new_transfers WHERE reference IS NOT NULL
        UNION ALL
        SELECT tenant_id, 'reversal', reversal_of::text, id FROM new_transfers WHERE reversal_of IS NOT NULL
    ) AS taken ORDER BY tenant_id, kind, value;
    RETURN NULL;
END $$;

-- One statement's entries: complete and balanced transfers, each account going on where it stood; then the accounts
-- move. Planned once for all sizes of table, so it must not fall for an empty one: index look-ups only.
CREATE FUNCTION apply_entries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET jit = off AS $$
DECLARE
    touched bigint;
    moved bigint;
    balanced boolean;
    whole boolean;
BEGIN
    SELECT bool_and(written.net = 0),
           bool_and(known.posted_at IS NOT NULL AND written.first = known.posted_at AND written.last = known.posted_at
                    AND written.given = known.entry_count AND written.lowest = 0
                    AND written.highest = known.entry_count - 1)
    INTO balanced, whole
    FROM (
        SELECT tenant_id, transfer_id, max(abs(net)) AS net, min(first) AS first, max(last) AS last,
               sum(given) AS given, min(lowest) AS lowest, max(highest) AS highest
        FROM (
            SELECT tenant_id, transfer_id, sum(amount * direction) AS net, min(posted_at) AS first,
                   max(posted_at) AS last, count(*) AS given, min(leg) AS lowest, max(leg) AS highest
            FROM new_entries GROUP BY tenant_id, transfer_id, asset
        ) AS one_asset
        GROUP BY tenant_id, transfer_id
    ) AS written
    LEFT JOIN transfer_register AS known USING (tenant_id, transfer_id);
    IF NOT balanced THEN
        RAISE EXCEPTION 'debits and credits of a transfer differ'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_balance';
    END IF;
    IF NOT whole THEN
        RAISE EXCEPTION 'a transfer is written once and whole'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_complete_a_new_transfer';
    END IF;
    SELECT count(*) INTO touched FROM (SELECT FROM new_entries GROUP BY tenant_id, account_id) AS account;
    -- All entries one statement writes on an account share their moment; the first goes on where the account stands,
    -- each other where the one before it ends; the last gives the account's new standing.
    UPDATE accounts AS account
    SET balance = step.balance, sequence = step.sequence, chain = step.chain, last_posted_at = step.posted_at,
        debt_allowed = account.debt_allowed AND step.balance < account.floor
    FROM (
        SELECT tenant_id, account_id, bool_and(continues) AND min(posted_at) = max(posted_at) AS continues,
               min(asset) AS asset, max(asset) AS same_asset, min(posted_at) AS posted_at,
               min(sequence) AS first_sequence, max(sequence) AS sequence,
               max(first_balance) AS first_balance, max(last_balance) AS balance, string_agg(last_chain, '') AS chain
        FROM (
            SELECT tenant_id, account_id, posted_at, asset, sequence,
                   lag(sequence, 1, sequence - 1) OVER forward = sequence - 1
                   AND lag(balance_after, 1, balance_after - direction * amount) OVER forward
                       = balance_after - direction * amount AS continues,
                   CASE WHEN lag(sequence) OVER forward IS NULL THEN balance_after - direction * amount END
                       AS first_balance,
                   CASE WHEN lead(sequence) OVER forward IS NULL THEN balance_after END AS last_balance,
                   CASE WHEN lead(sequence) OVER forward IS NULL THEN chain END AS last_chain
            FROM new_entries
            WINDOW forward AS (PARTITION BY tenant_id, account_id ORDER BY sequence)
        ) AS walked
        GROUP BY tenant_id, account_id
    ) AS step
    WHERE account.tenant_id = step.tenant_id AND account.id = step.account_id AND step.continues
      AND account.asset = step.asset AND account.asset = step.same_asset
      AND account.sequence + 1 = step.first_sequence AND account.balance = step.first_balance
      AND account.last_posted_at <= step.posted_at;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved <> touched THEN
        RAISE EXCEPTION 'an entry does not continue its account'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_continue_the_account';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER transfers_are_registered AFTER INSERT ON transfers
    REFERENCING NEW TABLE AS new_transfers FOR EACH STATEMENT EXECUTE FUNCTION register_transfers();
CREATE TRIGGER entries_are_applied AFTER INSERT ON entries
    REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION apply_entries();

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['transfers', 'entries', 'transfer_register', 'transfer_keys', 'balance_snapshots',
                                'checkpoints', 'checkpoint_heads'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                       kept || '_rows_are_kept', kept);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                       kept || '_table_is_kept', kept);
    END LOOP;
END $$;

-- Partitions ----------------------------------------------------------------------------------------------------------

-- Makes the journal's partitions for one month (UTC), unless they are there; returns how many it made.
-- CREATE, guard, then ATTACH: attaching lets readers and writers go on. A parent's TRUNCATE trigger does not guard a
-- partition, so each has its own; row triggers and indexes come with the attachment.
CREATE FUNCTION make_journal_partitions(month date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '1s' AS $$
DECLARE
    parent text;
    part text;
    made integer := 0;
    starts date := date_trunc('month', month)::date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('bursar.make_journal_partitions'));
    FOREACH parent IN ARRAY ARRAY['transfers', 'entries'] LOOP
        part := parent || to_char(starts, '_YYYY_MM');
        IF to_regclass(part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
            EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                           part || '_table_is_kept', part);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part,
                           starts::timestamptz, (starts + interval '1 month')::timestamptz);
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END $$;

-- The only look-up across tenants here: whose key is this? ------------------------------------------------------------

CREATE FUNCTION find_api_key(key_id text) RETURNS SETOF api_keys
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM api_keys WHERE id = key_id
$$;

-- Grants --------------------------------------------------------------------------------------------------------------

-- The functions that move balances run as the owner: behind a trigger on a table of somebody's own they would serve him.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_journal_partitions(date), find_api_key(text) TO bursar_application;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO bursar_application;
GRANT INSERT ON tenants, api_keys, assets, wallets, transfers, entries, holds, idempotency_keys, outbox,
    balance_snapshots, checkpoints, checkpoint_heads TO bursar_application;
GRANT INSERT (tenant_id, id, asset, purpose, wallet_id, floor) ON accounts TO bursar_application;
GRANT UPDATE (status) ON accounts TO bursar_application;
GRANT UPDATE (metadata) ON wallets TO bursar_application;
GRANT UPDATE (captured, released, status) ON holds TO bursar_application;
GRANT UPDATE (name, revoked_at, expires_at) ON api_keys TO bursar_application;
GRANT DELETE ON idempotency_keys TO bursar_application;

-- The tables of benchmarks/bare.py: what a transfer must leave behind, without what makes it safe.
DROP SCHEMA IF EXISTS bare CASCADE;
CREATE SCHEMA bare;

CREATE TABLE bare.accounts (
    id uuid PRIMARY KEY, balance bigint NOT NULL, sequence bigint NOT NULL DEFAULT 0, chain bytea NOT NULL DEFAULT ''
) WITH (fillfactor = 50);
CREATE TABLE bare.keys (
    key text PRIMARY KEY, fingerprint bytea NOT NULL, transfer_id uuid NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE bare.transfers (
    id uuid, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE bare.transfers_now PARTITION OF bare.transfers DEFAULT;
CREATE TABLE bare.entries (
    account_id uuid, sequence bigint, transfer_id uuid NOT NULL, amount bigint NOT NULL, balance_after bigint NOT NULL,
    chain bytea NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (account_id, sequence, at)
) PARTITION BY RANGE (at);
CREATE TABLE bare.entries_now PARTITION OF bare.entries DEFAULT;
CREATE INDEX ON bare.entries (transfer_id);
CREATE TABLE bare.outbox (id uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());

CREATE FUNCTION bare.check_sums() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added GROUP BY transfer_id HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'a transfer is not balanced';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER sums AFTER INSERT ON bare.entries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION bare.check_sums();

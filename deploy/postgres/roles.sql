-- The database and the roles of a fresh server, for psql: one role owns the tables, the other is what the API and the
-- worker log in as. What src/adapters/postgres/roles.py does for `bursar dev`, and the database closed to everybody else.
--
-- PostgreSQL's image runs it as superuser, once, when the volume is empty. The passwords come from the environment, so
-- that no command line shows them.
\set ON_ERROR_STOP on
\getenv owner_password BURSAR_OWNER_PASSWORD
\getenv api_password BURSAR_API_PASSWORD

-- Statements with passwords are not for the server's log, not even if they fail.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';

CREATE ROLE bursar_application NOLOGIN;
CREATE ROLE bursar_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE bursar_api LOGIN PASSWORD :'api_password' IN ROLE bursar_application;
CREATE DATABASE bursar OWNER bursar_owner;
REVOKE ALL ON DATABASE bursar FROM PUBLIC;
GRANT CONNECT ON DATABASE bursar TO bursar_api;

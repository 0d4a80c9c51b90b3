-- What a Postgres administrator (a superuser) does once per server. docs/administration-postgres.md says why.
--
--   psql -X -d postgres -v platform=platform -f docs/administration-postgres.sql
--   psql -X -d postgres -c '\password platform'
--
-- Running it again changes nothing. `-v prefix=…` is for a platform whose roles do not begin with mt. `-v password=…` sets the password in the same go; it then travels in the
-- clear and may stand in the server's log, so that is for throwaway servers.

\set ON_ERROR_STOP on
\if :{?platform}
\else
  \set platform platform
\endif
\if :{?prefix}
\else
  \set prefix mt
\endif

-- The platform's role: it makes databases and roles, and is no superuser.
SELECT format('CREATE ROLE %I LOGIN CREATEDB CREATEROLE', :'platform')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'platform') \gexec
\if :{?password}
  ALTER ROLE :"platform" PASSWORD :'password';
\endif

-- Every role may connect to these two unless told otherwise, and so could every tenant.
REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO :"platform";

-- What the templates of tenants' databases are built from, for all versions to come: empty, and without large objects.
SELECT :'prefix' || '_base' AS template \gset
SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8'' IS_TEMPLATE true ALLOW_CONNECTIONS false', :'template')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'template') \gexec
REVOKE ALL ON DATABASE :"template" FROM PUBLIC;
\ir administration-postgres-template.sql

-- Must list nothing: databases that every role, and so every tenant's, may still connect to.
\echo 'Databases still open to every role (should be none):'
SELECT datname FROM pg_database WHERE datallowconn AND has_database_privilege('public', oid, 'CONNECT');

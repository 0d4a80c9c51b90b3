-- Takes large objects from tenants, for databases to come. A superuser runs it for each new template database:
--
--   psql -X -d postgres -v template=mt_template_… -f docs/administration-postgres-template.sql
--
-- docs/administration-postgres.md says why. While it runs, which is a moment, no tenant can be made.

\set ON_ERROR_STOP on
ALTER DATABASE :"template" ALLOW_CONNECTIONS true;
\connect :"template"
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure)
  FROM pg_proc
 WHERE pronamespace = 'pg_catalog'::regnamespace
   AND (proname LIKE 'lo\_%' OR proname IN ('loread', 'lowrite')) \gexec
\connect postgres
ALTER DATABASE :"template" ALLOW_CONNECTIONS false;

-- Takes large objects from the databases to come that are copies of this one. administration-postgres.sql does so with
-- the base of all templates; a superuser runs this by hand for a template that was built before there was a base:
--
--   psql -X -d postgres -v template=mt_template_… -f docs/administration-postgres-template.sql
--
-- docs/administration-postgres.md says why. While it runs, which is a moment, the database cannot be copied.

\set ON_ERROR_STOP on
ALTER DATABASE :"template" ALLOW_CONNECTIONS true;
\connect :"template"
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure)
  FROM pg_proc
 WHERE pronamespace = 'pg_catalog'::regnamespace
   AND (proname LIKE 'lo\_%' OR proname IN ('loread', 'lowrite')) \gexec
\connect postgres
ALTER DATABASE :"template" ALLOW_CONNECTIONS false;

-- The veneer: psql runs this once, as superuser, when the container is created; `npm run example` does the same.
-- Only what needs a superuser is done here, and the list of customers, which sign-up code would keep.
\set ON_ERROR_STOP on
\getenv admin_password MONITORING_ADMIN_PASSWORD
\getenv grafana_password GRAFANA_PASSWORD

CREATE ROLE monitoring_admin LOGIN PASSWORD :'admin_password';
CREATE ROLE grafana LOGIN PASSWORD :'grafana_password';
CREATE DATABASE monitoring OWNER monitoring_admin;

\connect monitoring
CREATE EXTENSION postgres_fdw;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO monitoring_admin;

-- A foreign table of another wrapper, as such databases have them: none of the fleet's business.
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE public.os_release (line text) SERVER files OPTIONS (filename '/etc/os-release');

CREATE TABLE public.customers (name text PRIMARY KEY, active boolean NOT NULL DEFAULT true);
ALTER TABLE public.customers OWNER TO monitoring_admin;
INSERT INTO public.customers VALUES ('acme', true), ('globex', true), ('initech', false);

-- The second wall: every transaction of the program runs as a role that owns nothing, and row-level security, forced,
-- holds it to the customers in the setting `vedette.scope` (a list, or * for every customer).
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vedette_scoped') THEN
        BEGIN
            CREATE ROLE vedette_scoped NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- another database of this server was migrated at the same moment
        END;
    END IF;
    BEGIN
        PERFORM set_config('role', 'vedette_scoped', TRUE);
        PERFORM set_config('role', 'none', TRUE);
    EXCEPTION WHEN insufficient_privilege THEN
        EXECUTE 'GRANT vedette_scoped TO CURRENT_USER';
    END;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO vedette_scoped', current_schema());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO vedette_scoped', current_schema());
END
$$;

-- A row of the audit log is written once and never again, except to be sealed.
REVOKE UPDATE, DELETE ON audit_log FROM vedette_scoped;
GRANT UPDATE (hash) ON audit_log TO vedette_scoped;
REVOKE INSERT, UPDATE, DELETE ON migration FROM vedette_scoped;

ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_scope ON customer USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR id = ANY ((SELECT string_to_array(current_setting('vedette.scope', TRUE), ','))::text[])
);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['device', 'device_credential', 'asset', 'resource_group', 'incident', 'incident_entry', 'alert'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format($policy$
            CREATE POLICY customer_scope ON %I USING (
                (SELECT current_setting('vedette.scope', TRUE)) = '*'
                OR customer = ANY ((SELECT string_to_array(current_setting('vedette.scope', TRUE), ','))::text[])
            )
        $policy$, owned);
    END LOOP;
END
$$;

-- Global policies are seen by everybody and changed only with every customer in scope.
ALTER TABLE audit_policy ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_policy FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_scope ON audit_policy USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR customer = ANY ((SELECT string_to_array(current_setting('vedette.scope', TRUE), ','))::text[])
);
CREATE POLICY global_seen ON audit_policy FOR SELECT USING (customer IS NULL);

-- What belongs to no customer (a sign-in, a user) may be written by anybody and read only with every customer in scope.
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_scope ON audit_log USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR customer = ANY ((SELECT string_to_array(current_setting('vedette.scope', TRUE), ','))::text[])
);
CREATE POLICY global_written ON audit_log FOR INSERT WITH CHECK (customer IS NULL);

ALTER TABLE change_feed ENABLE ROW LEVEL SECURITY;
ALTER TABLE change_feed FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_scope ON change_feed USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR customer = ANY ((SELECT string_to_array(current_setting('vedette.scope', TRUE), ','))::text[])
);
CREATE POLICY global_written ON change_feed FOR INSERT WITH CHECK (customer IS NULL);
CREATE POLICY global_policy_seen ON change_feed FOR SELECT USING (customer IS NULL AND noun = 'audit_policy');

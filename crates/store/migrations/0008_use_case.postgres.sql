ALTER TABLE use_case_release ENABLE ROW LEVEL SECURITY;
ALTER TABLE use_case_release FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_scope ON use_case_release USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR customer = ANY ((SELECT string_to_array(current_setting('vedette.scope', TRUE), ','))::text[])
);

-- What belongs to no customer is seen by everybody and changed only with every customer in scope.
DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['use_case_exception', 'use_case_request'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format($policy$
            CREATE POLICY customer_scope ON %I USING (
                (SELECT current_setting('vedette.scope', TRUE)) = '*'
                OR customer = ANY ((SELECT string_to_array(current_setting('vedette.scope', TRUE), ','))::text[])
            )
        $policy$, owned);
        EXECUTE format('CREATE POLICY global_seen ON %I FOR SELECT USING (customer IS NULL)', owned);
    END LOOP;
    FOREACH owned IN ARRAY ARRAY['use_case', 'use_case_version', 'use_case_release', 'use_case_exception', 'use_case_exception_hit', 'use_case_request'] LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO vedette_scoped', owned);
    END LOOP;
END
$$;

CREATE POLICY global_use_case_seen ON change_feed FOR SELECT USING (customer IS NULL AND noun = 'use_case');

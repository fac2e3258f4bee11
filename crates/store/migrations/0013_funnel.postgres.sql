DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['event_count'] LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO vedette_scoped', owned);
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

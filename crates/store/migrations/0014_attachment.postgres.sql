DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['attachment', 'attachment_part', 'yara_set_customer'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format($policy$
            CREATE POLICY customer_scope ON %I USING (
                (SELECT current_setting('vedette.scope', TRUE)) = '*'
                OR customer = ANY ((SELECT string_to_array(current_setting('vedette.scope', TRUE), ','))::text[])
            )
        $policy$, owned);
    END LOOP;
    FOREACH owned IN ARRAY ARRAY['attachment', 'attachment_part', 'yara_set', 'yara_set_customer'] LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO vedette_scoped', owned);
    END LOOP;
END
$$;

ALTER TABLE yara_set ENABLE ROW LEVEL SECURITY;
ALTER TABLE yara_set FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON yara_set FOR SELECT USING (
    everyone OR (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR EXISTS (SELECT FROM yara_set_customer c WHERE c.yara_set = id)
);
CREATE POLICY added ON yara_set FOR INSERT WITH CHECK (
    NOT everyone OR (SELECT current_setting('vedette.scope', TRUE)) = '*'
);
CREATE POLICY changed ON yara_set FOR UPDATE USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR (NOT everyone AND EXISTS (SELECT FROM yara_set_customer c WHERE c.yara_set = id))
);
CREATE POLICY removed ON yara_set FOR DELETE USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR (NOT everyone AND EXISTS (SELECT FROM yara_set_customer c WHERE c.yara_set = id))
);

-- Sets for every customer are told to everybody who follows.
CREATE POLICY global_yara_set_seen ON change_feed FOR SELECT USING (customer IS NULL AND noun = 'yara_set');

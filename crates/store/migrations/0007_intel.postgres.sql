DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['intel_list_customer', 'retro_hunt_customer', 'hit'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format($policy$
            CREATE POLICY customer_scope ON %I USING (
                (SELECT current_setting('vedette.scope', TRUE)) = '*'
                OR customer = ANY ((SELECT string_to_array(current_setting('vedette.scope', TRUE), ','))::text[])
            )
        $policy$, owned);
    END LOOP;
    FOREACH owned IN ARRAY ARRAY['intel_list', 'intel_list_customer', 'intel_list_part', 'retro_hunt', 'retro_hunt_customer', 'hit'] LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO vedette_scoped', owned);
    END LOOP;
END
$$;

-- What is for every customer is seen by everybody and changed only with every customer in scope; the rest belongs to the
-- customers named beside it, whose rows have a wall of their own.
ALTER TABLE intel_list ENABLE ROW LEVEL SECURITY;
ALTER TABLE intel_list FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON intel_list FOR SELECT USING (
    everyone OR (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR EXISTS (SELECT FROM intel_list_customer c WHERE c.list = id)
);
CREATE POLICY added ON intel_list FOR INSERT WITH CHECK (
    NOT everyone OR (SELECT current_setting('vedette.scope', TRUE)) = '*'
);
CREATE POLICY changed ON intel_list FOR UPDATE USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR (NOT everyone AND EXISTS (SELECT FROM intel_list_customer c WHERE c.list = id))
);
CREATE POLICY removed ON intel_list FOR DELETE USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR (NOT everyone AND EXISTS (SELECT FROM intel_list_customer c WHERE c.list = id))
);

ALTER TABLE retro_hunt ENABLE ROW LEVEL SECURITY;
ALTER TABLE retro_hunt FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON retro_hunt FOR SELECT USING (
    everyone OR (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR EXISTS (SELECT FROM retro_hunt_customer c WHERE c.hunt = id)
);
CREATE POLICY added ON retro_hunt FOR INSERT WITH CHECK (
    NOT everyone OR (SELECT current_setting('vedette.scope', TRUE)) = '*'
);
CREATE POLICY changed ON retro_hunt FOR UPDATE USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR (NOT everyone AND EXISTS (SELECT FROM retro_hunt_customer c WHERE c.hunt = id))
);

-- Lists and hunts for every customer are told to everybody who follows.
CREATE POLICY global_intel_seen ON change_feed FOR SELECT USING (customer IS NULL AND noun IN ('intel_list', 'retro_hunt'));

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['hunt_programme_customer', 'hunt_customer', 'hunt_incident', 'hunt_task', 'hunt_result', 'hunt_detection'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format($policy$
            CREATE POLICY customer_scope ON %I USING (
                (SELECT current_setting('vedette.scope', TRUE)) = '*'
                OR customer = ANY ((SELECT string_to_array(current_setting('vedette.scope', TRUE), ','))::text[])
            )
        $policy$, owned);
    END LOOP;
    -- What belongs to a hunt as a whole is there for those who see one of its customers.
    FOREACH owned IN ARRAY ARRAY['hunt_run', 'hunt_time'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format($policy$
            CREATE POLICY of_hunt ON %I USING (
                (SELECT current_setting('vedette.scope', TRUE)) = '*'
                OR EXISTS (SELECT FROM hunt_customer c WHERE c.hunt = %I.hunt)
            )
        $policy$, owned, owned);
    END LOOP;
    FOREACH owned IN ARRAY ARRAY['hunt', 'hunt_programme', 'hunt_programme_customer', 'hunt_customer', 'hunt_incident', 'hunt_run', 'hunt_task', 'hunt_result', 'hunt_time', 'hunt_detection'] LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO vedette_scoped', owned);
    END LOOP;
END
$$;

CREATE POLICY global_seen ON hunt_detection FOR SELECT USING (
    customer IS NULL AND EXISTS (SELECT FROM hunt_customer c WHERE c.hunt = hunt_detection.hunt)
);

ALTER TABLE hunt ENABLE ROW LEVEL SECURITY;
ALTER TABLE hunt FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON hunt FOR SELECT USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR EXISTS (SELECT FROM hunt_customer c WHERE c.hunt = id)
);
CREATE POLICY added ON hunt FOR INSERT WITH CHECK (TRUE);
CREATE POLICY changed ON hunt FOR UPDATE USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR EXISTS (SELECT FROM hunt_customer c WHERE c.hunt = id)
);

ALTER TABLE hunt_programme ENABLE ROW LEVEL SECURITY;
ALTER TABLE hunt_programme FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON hunt_programme FOR SELECT USING (
    everyone OR (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR EXISTS (SELECT FROM hunt_programme_customer c WHERE c.programme = id)
);
CREATE POLICY added ON hunt_programme FOR INSERT WITH CHECK (
    NOT everyone OR (SELECT current_setting('vedette.scope', TRUE)) = '*'
);
CREATE POLICY changed ON hunt_programme FOR UPDATE USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR (NOT everyone AND EXISTS (SELECT FROM hunt_programme_customer c WHERE c.programme = id))
);
CREATE POLICY removed ON hunt_programme FOR DELETE USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR (NOT everyone AND EXISTS (SELECT FROM hunt_programme_customer c WHERE c.programme = id))
);

-- Programmes for every customer are told to everybody who follows.
CREATE POLICY global_hunt_seen ON change_feed FOR SELECT USING (customer IS NULL AND noun = 'hunt');

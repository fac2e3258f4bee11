GRANT SELECT, INSERT, UPDATE, DELETE ON feed TO vedette_scoped;

-- A feed is seen by whoever sees its list, and changed by whoever may change its list.
ALTER TABLE feed ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON feed FOR SELECT USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*' OR EXISTS (SELECT FROM intel_list l WHERE l.id = list)
);
CREATE POLICY added ON feed FOR INSERT WITH CHECK (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR EXISTS (SELECT FROM intel_list l WHERE l.id = list AND NOT l.everyone)
);
CREATE POLICY changed ON feed FOR UPDATE USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR EXISTS (SELECT FROM intel_list l WHERE l.id = list AND NOT l.everyone)
);
CREATE POLICY removed ON feed FOR DELETE USING (
    (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR EXISTS (SELECT FROM intel_list l WHERE l.id = list AND NOT l.everyone)
);

-- Feeds for every customer are told to everybody who follows.
DROP POLICY global_intel_seen ON change_feed;
CREATE POLICY global_intel_seen ON change_feed FOR SELECT USING (
    customer IS NULL AND noun IN ('intel_list', 'retro_hunt', 'feed')
);

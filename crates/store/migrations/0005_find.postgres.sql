GRANT SELECT, INSERT, UPDATE, DELETE ON saved_search, export_job TO vedette_scoped;

-- A search about no customer in particular is its owner's, or everybody's who may search.
ALTER TABLE saved_search ENABLE ROW LEVEL SECURITY;
ALTER TABLE saved_search FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_scope ON saved_search USING (
    customer IS NULL
    OR (SELECT current_setting('vedette.scope', TRUE)) = '*'
    OR customer = ANY ((SELECT string_to_array(current_setting('vedette.scope', TRUE), ','))::text[])
);

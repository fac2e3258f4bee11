-- The indicator an alert is about, with who named it.
ALTER TABLE alert ADD COLUMN intel TEXT;

-- A hunt for what is new in a list since then.
ALTER TABLE retro_hunt ADD COLUMN added_since BIGINT;

-- Feeds: each fills a list of its own, whose customers are the feed's.
ALTER TABLE intel_list ADD COLUMN feed TEXT;
CREATE TABLE feed (
    id TEXT NOT NULL PRIMARY KEY,
    list TEXT NOT NULL REFERENCES intel_list (id) ON DELETE CASCADE,
    content TEXT NOT NULL,
    secret BYTEA,
    state TEXT NOT NULL,
    error TEXT,
    failures BIGINT NOT NULL,
    counts TEXT NOT NULL,
    place TEXT NOT NULL,
    fetched BIGINT,
    changed BIGINT,
    due BIGINT,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX feed_by_list ON feed (list);
CREATE INDEX feed_by_due ON feed (due);

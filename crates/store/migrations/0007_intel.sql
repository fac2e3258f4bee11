-- Lists of indicators. One is for every customer, or for those named beside it.
CREATE TABLE intel_list (
    id TEXT NOT NULL PRIMARY KEY,
    everyone BOOLEAN NOT NULL,
    customers BIGINT NOT NULL,
    content TEXT NOT NULL,
    counts TEXT NOT NULL,
    duplicates BIGINT NOT NULL,
    unread BIGINT NOT NULL,
    unread_lines TEXT NOT NULL,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE intel_list_customer (
    list TEXT NOT NULL REFERENCES intel_list (id) ON DELETE CASCADE,
    customer TEXT NOT NULL REFERENCES customer (id),
    PRIMARY KEY (list, customer)
);

-- A list's indicators, many in one row.
CREATE TABLE intel_list_part (
    list TEXT NOT NULL REFERENCES intel_list (id) ON DELETE CASCADE,
    part BIGINT NOT NULL,
    indicators BYTEA NOT NULL,
    PRIMARY KEY (list, part)
);

-- Lists held against what was kept. A hunt outlives its list.
CREATE TABLE retro_hunt (
    id TEXT NOT NULL PRIMARY KEY,
    list TEXT NOT NULL,
    list_name TEXT NOT NULL,
    indicators BIGINT NOT NULL,
    everyone BOOLEAN NOT NULL,
    customers BIGINT NOT NULL,
    range_from BIGINT,
    range_to BIGINT,
    asked_by TEXT NOT NULL,
    state TEXT NOT NULL,
    progress TEXT NOT NULL,
    more BOOLEAN NOT NULL,
    error TEXT,
    created BIGINT NOT NULL,
    started BIGINT,
    finished BIGINT
);
CREATE INDEX retro_hunt_by_list ON retro_hunt (list, created);
CREATE INDEX retro_hunt_open ON retro_hunt (created) WHERE finished IS NULL;

CREATE TABLE retro_hunt_customer (
    hunt TEXT NOT NULL REFERENCES retro_hunt (id) ON DELETE CASCADE,
    customer TEXT NOT NULL REFERENCES customer (id),
    PRIMARY KEY (hunt, customer)
);

CREATE TABLE hit (
    customer TEXT NOT NULL REFERENCES customer (id),
    id TEXT NOT NULL,
    hunt TEXT NOT NULL REFERENCES retro_hunt (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    indicator TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    hit_count BIGINT NOT NULL,
    exact BOOLEAN NOT NULL,
    samples TEXT NOT NULL,
    search TEXT NOT NULL,
    PRIMARY KEY (customer, id)
);
CREATE INDEX hit_by_hunt ON hit (hunt, last_seen, id);

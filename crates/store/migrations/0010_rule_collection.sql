-- Collections of rules that somebody else publishes, as they are in force.
CREATE TABLE rule_collection (
    name TEXT NOT NULL PRIMARY KEY,
    release_name TEXT NOT NULL,
    state TEXT NOT NULL,
    files BIGINT NOT NULL,
    content BYTEA NOT NULL,
    changed_by TEXT,
    changed BIGINT NOT NULL,
    version BIGINT NOT NULL
);

-- What a release would change, until somebody decides.
CREATE TABLE rule_change_set (
    id TEXT NOT NULL PRIMARY KEY,
    collection TEXT NOT NULL,
    release_name TEXT NOT NULL,
    state TEXT NOT NULL,
    files BIGINT NOT NULL,
    counts TEXT NOT NULL,
    content BYTEA,
    created_by TEXT,
    created BIGINT NOT NULL,
    decided_by TEXT,
    decided BIGINT
);

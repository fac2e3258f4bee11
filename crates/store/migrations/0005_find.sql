-- Searches people keep: their own, or shared with those who see the customer it is about.
CREATE TABLE saved_search (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL REFERENCES user_account (id),
    customer TEXT REFERENCES customer (id),
    name TEXT NOT NULL,
    shared BOOLEAN NOT NULL,
    content TEXT NOT NULL,
    created BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX saved_search_by_name ON saved_search (name, id);

-- Files of events made in the background. What is in one may be several customers': only its owner ever gets it.
CREATE TABLE export_job (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL REFERENCES user_account (id),
    state TEXT NOT NULL,
    content TEXT NOT NULL,
    total BIGINT,
    events BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    customers TEXT,
    sha256 TEXT,
    problem TEXT,
    created BIGINT NOT NULL,
    started BIGINT,
    finished BIGINT,
    expires BIGINT
);
CREATE INDEX export_job_by_owner ON export_job (owner, created, id);
CREATE INDEX export_job_by_state ON export_job (state, created);

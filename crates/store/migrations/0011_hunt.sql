-- Programmes that make threat hunts. One is for every customer, or for those named beside it.
CREATE TABLE hunt_programme (
    id TEXT NOT NULL PRIMARY KEY,
    everyone BOOLEAN NOT NULL,
    customers BIGINT NOT NULL,
    content TEXT NOT NULL,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE hunt_programme_customer (
    programme TEXT NOT NULL REFERENCES hunt_programme (id) ON DELETE CASCADE,
    customer TEXT NOT NULL REFERENCES customer (id),
    PRIMARY KEY (programme, customer)
);

-- Threat hunts. A hunt outlives the programme that made it.
CREATE TABLE hunt (
    id TEXT NOT NULL PRIMARY KEY,
    programme TEXT,
    round TEXT,
    state TEXT NOT NULL,
    owner TEXT,
    due BIGINT,
    customers BIGINT NOT NULL,
    content TEXT NOT NULL,
    conclusion TEXT NOT NULL,
    search TEXT NOT NULL,
    created_by TEXT,
    created BIGINT NOT NULL,
    concluded BIGINT,
    version BIGINT NOT NULL
);
-- A round of a programme has one hunt, whoever makes it and however often it is tried.
CREATE UNIQUE INDEX hunt_by_round ON hunt (programme, round);
CREATE INDEX hunt_by_created ON hunt (created, id);
CREATE INDEX hunt_by_concluded ON hunt (concluded);

CREATE TABLE hunt_customer (
    customer TEXT NOT NULL REFERENCES customer (id),
    hunt TEXT NOT NULL REFERENCES hunt (id) ON DELETE CASCADE,
    verdict TEXT,
    remark TEXT NOT NULL,
    judged_by TEXT,
    judged BIGINT,
    data_events BIGINT,
    data_checked BIGINT,
    data_problem TEXT,
    version BIGINT NOT NULL,
    PRIMARY KEY (hunt, customer)
);
CREATE INDEX hunt_customer_by_customer ON hunt_customer (customer, hunt);

CREATE TABLE hunt_incident (
    customer TEXT NOT NULL REFERENCES customer (id),
    hunt TEXT NOT NULL REFERENCES hunt (id) ON DELETE CASCADE,
    incident TEXT NOT NULL,
    linked BIGINT NOT NULL,
    PRIMARY KEY (hunt, incident)
);

CREATE TABLE hunt_run (
    id TEXT NOT NULL PRIMARY KEY,
    hunt TEXT NOT NULL REFERENCES hunt (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_user TEXT,
    created BIGINT NOT NULL,
    started BIGINT,
    finished BIGINT
);
CREATE INDEX hunt_run_by_hunt ON hunt_run (hunt, created);
CREATE INDEX hunt_run_by_state ON hunt_run (state, created);

-- What a run has to ask, one query of one customer each.
CREATE TABLE hunt_task (
    customer TEXT NOT NULL REFERENCES customer (id),
    run TEXT NOT NULL REFERENCES hunt_run (id) ON DELETE CASCADE,
    query TEXT NOT NULL,
    place BIGINT NOT NULL,
    done BOOLEAN NOT NULL,
    PRIMARY KEY (run, customer, query)
);

-- What each query found at each customer when it was last asked.
CREATE TABLE hunt_result (
    customer TEXT NOT NULL REFERENCES customer (id),
    hunt TEXT NOT NULL REFERENCES hunt (id) ON DELETE CASCADE,
    query TEXT NOT NULL,
    content TEXT NOT NULL,
    samples TEXT NOT NULL,
    PRIMARY KEY (hunt, query, customer)
);

CREATE TABLE hunt_time (
    id TEXT NOT NULL PRIMARY KEY,
    hunt TEXT NOT NULL REFERENCES hunt (id) ON DELETE CASCADE,
    user_id TEXT,
    minutes BIGINT NOT NULL,
    note TEXT NOT NULL,
    created BIGINT NOT NULL
);
CREATE INDEX hunt_time_by_hunt ON hunt_time (hunt, created);

-- Use cases and requests that came of a hunt, for a customer or for everybody.
CREATE TABLE hunt_detection (
    customer TEXT REFERENCES customer (id),
    hunt TEXT NOT NULL REFERENCES hunt (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    title TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (hunt, object)
);

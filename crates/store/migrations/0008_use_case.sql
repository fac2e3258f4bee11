-- What people decided about use cases; nothing stands here about a built-in one that is as it came.
CREATE TABLE use_case (
    id TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL,
    live_since BIGINT,
    changed_by TEXT,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE use_case_version (
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    content TEXT,
    changed_by TEXT,
    changed BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);

-- What a use case does for single customers.
CREATE TABLE use_case_release (
    customer TEXT NOT NULL REFERENCES customer (id),
    use_case TEXT NOT NULL,
    release_word TEXT NOT NULL,
    changed_by TEXT,
    changed BIGINT NOT NULL,
    PRIMARY KEY (customer, use_case)
);

CREATE TABLE use_case_exception (
    id TEXT NOT NULL PRIMARY KEY,
    customer TEXT REFERENCES customer (id),
    rule_id TEXT NOT NULL,
    content TEXT NOT NULL,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX use_case_exception_by_rule ON use_case_exception (rule_id);

-- Apart from the exception, so that a hit does not change what people read and write.
CREATE TABLE use_case_exception_hit (
    exception TEXT NOT NULL PRIMARY KEY REFERENCES use_case_exception (id) ON DELETE CASCADE,
    hits BIGINT NOT NULL,
    last_hit BIGINT NOT NULL
);

CREATE TABLE use_case_request (
    id TEXT NOT NULL PRIMARY KEY,
    customer TEXT REFERENCES customer (id),
    content TEXT NOT NULL,
    state TEXT NOT NULL,
    requested_by TEXT,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    due BIGINT NOT NULL,
    answered BIGINT,
    version BIGINT NOT NULL
);
CREATE INDEX use_case_request_by_due ON use_case_request (due, id);
CREATE INDEX alert_by_rule ON alert (rule_id, last_time);

-- Files attached to incidents. A removed one keeps everything but its content.
CREATE TABLE attachment (
    customer TEXT NOT NULL REFERENCES customer (id),
    id TEXT NOT NULL,
    incident TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    sha1 TEXT NOT NULL,
    md5 TEXT NOT NULL,
    crc32 BIGINT NOT NULL,
    added_by TEXT,
    added BIGINT NOT NULL,
    touched BIGINT NOT NULL,
    removed_by TEXT,
    removed BIGINT,
    remove_reason TEXT,
    -- Against which rules it was held, and what they say; `told` are matches the timeline has.
    scanned_with TEXT,
    attempts BIGINT NOT NULL,
    scan TEXT NOT NULL,
    told TEXT NOT NULL,
    PRIMARY KEY (customer, id),
    CONSTRAINT attachment__id UNIQUE (id),
    FOREIGN KEY (customer, incident) REFERENCES incident (customer, id)
);
CREATE INDEX attachment_by_incident ON attachment (incident, added, id);
CREATE INDEX attachment_by_customer ON attachment (customer, state, added);
CREATE INDEX attachment_by_scan ON attachment (state, scanned_with);

-- Their content, a MiB a row.
CREATE TABLE attachment_part (
    customer TEXT NOT NULL,
    attachment TEXT NOT NULL,
    position BIGINT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (customer, attachment, position),
    FOREIGN KEY (customer, attachment) REFERENCES attachment (customer, id) ON DELETE CASCADE
);

-- Sets of YARA rules. One is for every customer's files, or for those named beside it.
CREATE TABLE yara_set (
    id TEXT NOT NULL PRIMARY KEY,
    everyone BOOLEAN NOT NULL,
    customers BIGINT NOT NULL,
    enabled BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    content TEXT NOT NULL,
    rules BIGINT NOT NULL,
    problems TEXT NOT NULL,
    left_out BIGINT NOT NULL,
    body TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    changed_by TEXT,
    changed BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX yara_set_by_name ON yara_set (name, id);

CREATE TABLE yara_set_customer (
    yara_set TEXT NOT NULL REFERENCES yara_set (id) ON DELETE CASCADE,
    customer TEXT NOT NULL REFERENCES customer (id),
    PRIMARY KEY (yara_set, customer)
);

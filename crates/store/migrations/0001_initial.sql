-- Read by both databases; migrate.rs puts in what differs. Times are UTC microseconds, `search` holds lower-case text to
-- find a row by, and constraints over a field are named <table>__<field> so that a broken one can be told to a person.

CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('incident', 0);

CREATE TABLE customer (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT customer__name UNIQUE,
    short_name TEXT NOT NULL CONSTRAINT customer__short_name UNIQUE,
    color BIGINT NOT NULL,
    services TEXT NOT NULL,
    state TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    remark TEXT NOT NULL,
    service_manager TEXT,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE device (
    customer TEXT NOT NULL REFERENCES customer (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT,
    address TEXT,
    software_version TEXT NOT NULL,
    time_zone TEXT,
    silence_minutes BIGINT NOT NULL,
    last_event BIGINT,
    event_count BIGINT NOT NULL,
    unparsed_count BIGINT NOT NULL,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (customer, id),
    CONSTRAINT device__id UNIQUE (id),
    CONSTRAINT device__name UNIQUE (customer, name)
);

CREATE TABLE device_credential (
    customer TEXT NOT NULL,
    id TEXT NOT NULL,
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (customer, id),
    CONSTRAINT device_credential__id UNIQUE (id),
    CONSTRAINT device_credential__secret_hash UNIQUE (kind, secret_hash),
    FOREIGN KEY (customer, device) REFERENCES device (customer, id) ON DELETE CASCADE
);
CREATE INDEX device_credential_by_device ON device_credential (customer, device);

-- The listener ports in use, without saying whose: issuing one must see them all, whatever its scope.
CREATE TABLE listener_port (
    port BIGINT NOT NULL CONSTRAINT listener_port__port PRIMARY KEY,
    customer TEXT NOT NULL,
    credential TEXT NOT NULL,
    FOREIGN KEY (customer, credential) REFERENCES device_credential (customer, id) ON DELETE CASCADE
);
CREATE INDEX listener_port_by_credential ON listener_port (customer, credential);

CREATE TABLE asset (
    customer TEXT NOT NULL REFERENCES customer (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    addresses TEXT NOT NULL,
    host_names TEXT NOT NULL,
    owner TEXT NOT NULL,
    business TEXT NOT NULL,
    importance TEXT NOT NULL,
    in_service BOOLEAN NOT NULL,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (customer, id),
    CONSTRAINT asset__id UNIQUE (id)
);

CREATE TABLE resource_group (
    customer TEXT NOT NULL REFERENCES customer (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    ranges TEXT NOT NULL,
    note TEXT NOT NULL,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (customer, id),
    CONSTRAINT resource_group__id UNIQUE (id),
    CONSTRAINT resource_group__name UNIQUE (customer, name)
);

CREATE TABLE incident (
    customer TEXT NOT NULL REFERENCES customer (id),
    id TEXT NOT NULL,
    number BIGINT NOT NULL CONSTRAINT incident__number UNIQUE,
    title TEXT NOT NULL,
    severity BIGINT NOT NULL,
    state TEXT NOT NULL,
    verdict TEXT,
    reject_reason TEXT,
    suspended_until BIGINT,
    assignee TEXT,
    incident_key TEXT NOT NULL,
    entities TEXT NOT NULL,
    alert_count BIGINT NOT NULL,
    first_time BIGINT NOT NULL,
    last_time BIGINT NOT NULL,
    entry_count BIGINT NOT NULL,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (customer, id),
    CONSTRAINT incident__id UNIQUE (id)
);
CREATE INDEX incident_by_state ON incident (state, created);
CREATE INDEX incident_by_key ON incident (customer, incident_key);
CREATE INDEX incident_by_assignee ON incident (assignee);

CREATE TABLE incident_entry (
    customer TEXT NOT NULL,
    incident TEXT NOT NULL,
    position BIGINT NOT NULL,
    id TEXT NOT NULL CONSTRAINT incident_entry__id UNIQUE,
    time BIGINT NOT NULL,
    user_id TEXT,
    what TEXT NOT NULL,
    PRIMARY KEY (customer, incident, position),
    FOREIGN KEY (customer, incident) REFERENCES incident (customer, id)
);

CREATE TABLE audit_policy (
    id TEXT NOT NULL PRIMARY KEY,
    customer TEXT REFERENCES customer (id),
    name TEXT NOT NULL,
    position BIGINT NOT NULL,
    enabled BOOLEAN NOT NULL,
    matching TEXT NOT NULL,
    action TEXT NOT NULL,
    expires BIGINT,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX audit_policy_by_customer ON audit_policy (customer, position);

-- Apart from the policy, so that a hit for one customer may count on a global policy without a right to change it.
CREATE TABLE audit_policy_hit (
    policy TEXT NOT NULL PRIMARY KEY REFERENCES audit_policy (id) ON DELETE CASCADE,
    hits BIGINT NOT NULL
);

CREATE TABLE alert (
    customer TEXT NOT NULL REFERENCES customer (id),
    id TEXT NOT NULL,
    device TEXT NOT NULL,
    origin TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    title TEXT NOT NULL,
    severity BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    techniques TEXT NOT NULL,
    alert_key TEXT NOT NULL,
    alert_count BIGINT NOT NULL,
    first_time BIGINT NOT NULL,
    last_time BIGINT NOT NULL,
    entities TEXT NOT NULL,
    samples TEXT NOT NULL,
    state TEXT NOT NULL,
    policy TEXT,
    incident TEXT,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (customer, id),
    CONSTRAINT alert__id UNIQUE (id),
    FOREIGN KEY (customer, incident) REFERENCES incident (customer, id)
);
-- Wide enough that finding a page of a list never reads the rows themselves, whose samples are long.
CREATE INDEX alert_by_time ON alert (last_time, id, customer, state, severity);
CREATE INDEX alert_by_customer_time ON alert (customer, last_time, id, state, severity);
CREATE INDEX alert_waiting ON alert (created, id) WHERE state = 'new';
CREATE INDEX alert_by_incident ON alert (customer, incident);

CREATE TABLE watermark (
    log BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (log, shard)
);

CREATE TABLE pipeline_state (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE user_account (
    id TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL CONSTRAINT user_account__login UNIQUE,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    all_customers BOOLEAN NOT NULL,
    customers TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    language TEXT NOT NULL,
    password_hash TEXT,
    last_sign_in BIGINT,
    search TEXT NOT NULL,
    created BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE session (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id),
    token_hash BYTEA NOT NULL CONSTRAINT session__token_hash UNIQUE,
    csrf_hash BYTEA NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL
);
CREATE INDEX session_by_user ON session (user_id);

CREATE TABLE api_token (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id),
    token_hash BYTEA NOT NULL CONSTRAINT api_token__token_hash UNIQUE,
    name TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT
);
CREATE INDEX api_token_by_user ON api_token (user_id);

CREATE TABLE failed_sign_in (
    sequence SEQUENCE PRIMARY KEY,
    login TEXT NOT NULL,
    address TEXT NOT NULL,
    time BIGINT NOT NULL
);
CREATE INDEX failed_sign_in_by_login ON failed_sign_in (login, time);

CREATE TABLE change_feed (
    sequence SEQUENCE PRIMARY KEY,
    customer TEXT,
    noun TEXT NOT NULL,
    id TEXT NOT NULL,
    time BIGINT NOT NULL
);

CREATE TABLE audit_log (
    sequence SEQUENCE PRIMARY KEY,
    time BIGINT NOT NULL,
    actor TEXT NOT NULL,
    customer TEXT,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    reason TEXT,
    hash TEXT
);
CREATE INDEX audit_log_by_customer ON audit_log (customer, sequence);
CREATE INDEX audit_log_by_object ON audit_log (object, sequence);

-- The last row of the chain, so that cutting off its end shows.
CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, '');

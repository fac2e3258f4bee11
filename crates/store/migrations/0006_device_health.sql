-- How a device's silence is judged.
ALTER TABLE device ADD COLUMN silence_alarm TEXT NOT NULL DEFAULT 'learned';

-- What came from a device, in buckets of so many seconds: fine ones are kept for days, coarse ones for weeks.
CREATE TABLE device_activity (
    customer TEXT NOT NULL,
    device TEXT NOT NULL,
    step BIGINT NOT NULL,
    start BIGINT NOT NULL,
    events BIGINT NOT NULL,
    unparsed BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    doubtful BIGINT NOT NULL,
    PRIMARY KEY (customer, device, step, start)
);
CREATE INDEX device_activity_by_start ON device_activity (step, start);

-- Which sources took its records, by the hour.
CREATE TABLE device_source (
    customer TEXT NOT NULL,
    device TEXT NOT NULL,
    start BIGINT NOT NULL,
    source TEXT NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (customer, device, start, source)
);
CREATE INDEX device_source_by_start ON device_source (start);

-- How late its records came: counts by the least lag in seconds.
CREATE TABLE device_lag (
    customer TEXT NOT NULL,
    device TEXT NOT NULL,
    start BIGINT NOT NULL,
    seconds BIGINT NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (customer, device, start, seconds)
);
CREATE INDEX device_lag_by_start ON device_lag (start);

-- Its weekly rhythm, and the alert that stands while it is silent.
CREATE TABLE device_rhythm (
    customer TEXT NOT NULL,
    device TEXT NOT NULL,
    rhythm BYTEA NOT NULL,
    alert TEXT,
    PRIMARY KEY (customer, device)
);

-- Parsers of our own, and what they were before.
CREATE TABLE parser (
    name TEXT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    samples TEXT NOT NULL,
    changed_by TEXT,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE TABLE parser_version (
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_by TEXT,
    changed BIGINT NOT NULL,
    source TEXT,
    PRIMARY KEY (name, version)
);

-- What the platform has to say about itself.
CREATE TABLE platform_alarm (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    began BIGINT NOT NULL,
    ended BIGINT
);
CREATE INDEX platform_alarm_by_time ON platform_alarm (began, id);

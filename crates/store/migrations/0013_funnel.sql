-- What an alert that stands for many keys of its rule holds together.
ALTER TABLE alert ADD COLUMN storm TEXT;
CREATE INDEX alert_by_creation ON alert (created, customer, state, origin);

-- What became of a customer's events, by the hour of their receipt.
CREATE TABLE event_count (
    customer TEXT NOT NULL,
    start BIGINT NOT NULL,
    events BIGINT NOT NULL,
    unparsed BIGINT NOT NULL,
    detections BIGINT NOT NULL,
    silent BIGINT NOT NULL,
    excepted BIGINT NOT NULL,
    PRIMARY KEY (customer, start)
);
CREATE INDEX event_count_by_start ON event_count (start);

-- An address a collector vouches for: which collector it is.
ALTER TABLE device_credential ADD COLUMN collector TEXT REFERENCES device (id) ON DELETE CASCADE;
CREATE INDEX device_credential_by_collector ON device_credential (collector);

-- Addresses collectors received from that no device was registered for then.
CREATE TABLE collector_peer (
    customer TEXT NOT NULL,
    device TEXT NOT NULL,
    address TEXT NOT NULL,
    records BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (customer, device, address),
    FOREIGN KEY (customer, device) REFERENCES device (customer, id) ON DELETE CASCADE
);

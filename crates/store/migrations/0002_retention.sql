-- How long a customer's events are kept, where it differs from the platform's default, and whether they may go at all.
CREATE TABLE customer_retention (
    customer TEXT NOT NULL PRIMARY KEY REFERENCES customer (id),
    days BIGINT,
    hold TEXT,
    version BIGINT NOT NULL
);

-- What was deleted of a customer's events: written before the deletion, finished after it.
CREATE TABLE deletion_certificate (
    customer TEXT NOT NULL,
    id TEXT NOT NULL,
    began BIGINT NOT NULL,
    finished BIGINT,
    content TEXT NOT NULL,
    PRIMARY KEY (customer, id)
);
CREATE INDEX deletion_certificate_by_time ON deletion_certificate (began, id);

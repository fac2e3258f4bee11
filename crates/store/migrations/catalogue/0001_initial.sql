-- The lake's files: a file that stands here is whole and on disk, one that does not is rubbish.
CREATE TABLE catalogue_file (
    customer TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    day TEXT NOT NULL,
    path TEXT NOT NULL,
    level BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    byte_count BIGINT NOT NULL,
    min_time BIGINT NOT NULL,
    max_time BIGINT NOT NULL,
    checksum TEXT NOT NULL,
    columns TEXT NOT NULL,
    ranges TEXT NOT NULL
);
CREATE INDEX catalogue_file_by_customer_time ON catalogue_file (customer, max_time);

CREATE TABLE catalogue_watermark (
    customer TEXT NOT NULL,
    log BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (customer, log, shard)
);

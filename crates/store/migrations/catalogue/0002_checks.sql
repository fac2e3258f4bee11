-- When a file was last compared with its checksum, and what was wrong with it.
ALTER TABLE catalogue_file ADD COLUMN checked BIGINT;
ALTER TABLE catalogue_file ADD COLUMN damage TEXT;

-- The version of an incident that last changed what people decide about; alerts that join it leave it alone.
ALTER TABLE incident ADD COLUMN decided BIGINT NOT NULL DEFAULT 1;
UPDATE incident SET decided = version;

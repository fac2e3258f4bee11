-- What is not usual about an alert of a baseline.
ALTER TABLE alert ADD COLUMN departure TEXT;

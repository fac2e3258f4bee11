-- A row of the audit log is written once and never again, except to be sealed.
CREATE TRIGGER audit_log_keeps_rows BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log keeps its rows');
END;
CREATE TRIGGER audit_log_keeps_values BEFORE UPDATE OF sequence, time, actor, customer, action, object, detail, reason ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log keeps its rows');
END;

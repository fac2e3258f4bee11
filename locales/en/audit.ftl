# The audit log.

audit-time = Time
audit-actor = Actor
audit-by-token = { $name } by { $token }
audit-action = Action
audit-object = Object
audit-detail = Detail
audit-reason = Reason
audit-sealed = Sealed
audit-empty = Nothing recorded
audit-empty-hint = Nothing matches these filters.

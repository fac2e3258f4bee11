# The audit log.

audit-time = Time
audit-actor = Actor
audit-job = Platform: { $job }
job-audit-policy = audit policies
job-command-line = command line
job-defaults = first set-up
job-demo = demonstration
job-import = import
job-pipeline = pipeline
job-sealer = sealer
job-sign-in = sign-in
job-wake = waking of suspended incidents
audit-by-token = { $name } by { $token }
audit-action = Action
audit-object = Object
audit-detail = Detail
audit-reason = Reason
audit-sealed = Sealed
audit-empty = Nothing recorded
audit-empty-hint = Nothing matches these filters.

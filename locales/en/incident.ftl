# Incidents: what people handle.

incident = Incident
incident-number = No.
incident-title = Title
incident-state = State
incident-state-new = To judge
incident-state-in_progress = In progress
incident-state-resolved = Resolved
incident-state-suspended = Suspended
incident-state-rejected = Rejected
incident-assignee = Assignee
incident-nobody = Nobody
incident-age = Raised
incident-raised-at = Raised
incident-span = Activity
incident-events = Events of that time
incident-by-hand = Raised by hand: no alert is linked.
incident-read-only = You may look but not change it.

incident-take = Take
incident-resume = Resume
incident-resolve = Resolve
incident-reject = Reject
incident-suspend = Suspend
incident-reopen = Reopen
incident-severity = Set severity
incident-assign = Assign
incident-comment = Write a comment
incident-create = New incident

incident-taken = Incident #{ $number } is yours.
incident-resumed = Work goes on.
incident-resolved = Resolved.
incident-rejected = Rejected.
incident-suspended = Suspended.
incident-reopened = Reopened.
incident-assigned = Assigned.
incident-severity-set = Severity set.
incident-raised = Incident #{ $number } is raised.

incident-summary = Summary
incident-summary-hint = What was found and what was done. Reports quote it.
incident-reject-hint = What was looked at and why it is none.
incident-reason = Reason
incident-waits-for = What it waits for
incident-suspend-hint = The reason is shown in every list of open items.
incident-until = Look at it again
incident-note = Note
incident-note-hint = Becomes the first comment.

incidents-open = Open
incidents-mine = Mine
incidents-unassigned = Unassigned
incidents-empty = No incidents here
incidents-empty-hint = Nothing matches these filters. New incidents appear by themselves.

verdict = Verdict
verdict-true_positive = True attack
verdict-benign_positive = Detected rightly, but harmless
reject-reason-false_positive = False positive
reject-reason-not_of_interest = Customer does not care
reject-reason-platform_fault = Platform fault
reject-reason-duplicate = Duplicate

until = until { $time }
related = Related incidents
related-none = Nothing about the same thing in the last 30 days.
timeline = Timeline
the-platform = Vedette
comment-hint = What you found (for colleagues only)
comment-send = Comment
entry-raised = raised it by hand
entry-raised-by-alert = raised it from an alert
entry-alert-linked = linked an alert:
entry-assigned = assigned it to { $to }
entry-unassigned = took the assignee off
entry-severity = changed the severity from { $from } to { $to }
entry-commented = commented
entry-transition-start = started work
entry-transition-suspend = suspended it
entry-transition-resume = resumed work
entry-transition-resolve = resolved it
entry-transition-reject = rejected it
entry-transition-reopen = reopened it

## Workbench

workbench-pane = Switch between incidents and alerts
workbench-mine = Only mine
workbench-unassigned = Only unassigned
funnel = From events to incidents, last 24 hours
figure-events = events
figure-detections = detections
figure-alerts = alerts
figure-incidents = incidents
devices-offline = { $count ->
    [one] 1 device offline
   *[other] { $count } devices offline
}

## The funnel by customer and day

nav-funnel = From events to incidents
funnel-by-day = by day
funnel-day = Day
funnel-events = Events
funnel-events-hint = Records received
funnel-unparsed = Unrecognised
funnel-unparsed-hint = Records no source recognised: kept and searchable, but rules about fields do not see them
funnel-detections = Detections
funnel-detections-hint = What rules, correlations, indicators and devices said of the records
funnel-excepted = Excepted
funnel-excepted-hint = What exceptions kept from being detections
funnel-silent = Silent
funnel-silent-hint = Detections of use cases that are tried silently
funnel-alerts = Alerts
funnel-alerts-hint = Same detections put together; silent ones are left out
funnel-ignored = Ignored
funnel-ignored-hint = Alerts an audit policy ignored
funnel-raised = In incidents
funnel-raised-hint = Alerts that belong to an incident
funnel-incidents = Incidents
funnel-incidents-hint = Incidents raised
funnel-attacks = Attacks
funnel-attacks-hint = Incidents found to be attacks
funnel-ratio = Events per incident
funnel-ratio-hint = How many records were gone through for one incident
funnel-alerts-daily = Alerts by day
funnel-worst-day = Alerts by day, { $count } on the worst
funnel-all = All together
funnel-nothing = Nothing came in these days.
funnel-zone = Days of { $zone }. Events and detections count where they were received, alerts and incidents where they began.

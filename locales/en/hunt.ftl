# Threat hunts: questions asked of customers' events, on record. (Retro-hunts for lists of indicators are in intel.ftl.)

nav-hunts = Hunts
hunt = Hunt
hunts = Hunts
programmes = Programmes
programme = Programme
hunt-new = New hunt
hunt-plan = Plan it
hunt-edit = Edit the hunt
hunt-title = Title
hunt-title-hint = The template's when left empty.
hunt-template = Begin from
hunt-template-hint = Hypothesis, queries and what to look for come with it; all of it can be changed.
hunt-template-none = Nothing
hunt-hypothesis = Hypothesis
hunt-hypothesis-hint = What is supposed to be going on, and where it would show.
hunt-shared-hint = Read by people of every customer of the hunt: name no single one here.
hunt-look-for = What to look for
hunt-false-positives = What is harmless
hunt-techniques-hint = Such as T1059.001 T1105
hunt-needs = Data it needs
hunt-needs-any = any event
hunt-needs-hint = In the search language: which events must be there for the hunt to say anything. Who has none is proposed as "no data".
hunt-owner = Owner
hunt-due = Due
hunt-spent = Time spent
hunt-spent-share = Time, shared
hunt-overdue = overdue
hunt-found = Found
hunt-state = State
hunt-state-planned = Planned
hunt-state-active = Under way
hunt-state-concluded = Concluded
hunt-state-called_off = Called off
hunts-open = Open
hunts-overdue = Overdue
hunts-concluded = Concluded
hunts-called_off = Called off
hunts-all = All
hunts-mine = Mine
hunts-of-programme = One programme
hunts-empty = No hunt here
hunts-empty-hint = Plan one, or set up a programme that makes one every week.
hunts-empty-overdue = Nothing is overdue.

hunt-customers = Customers
hunt-customers-hint = All you see when none is chosen.
hunt-customers-edit = Customers of the hunt
hunt-customers-edit-hint = What was found at a customer who is taken out is forgotten.
hunt-judged = { $done } of { $all }
hunt-data = Data
hunt-data-events = { $count } events meet what the hunt needs
hunt-no-events = none
hunt-not-run = –
hunt-failed = failed
hunt-stale = changed since
hunt-things = { $things } in { $count }
hunt-verdict = Verdict
hunt-verdict-open = not judged
hunt-verdict-clean = clean
hunt-verdict-found = found
hunt-verdict-inconclusive = inconclusive
hunt-verdict-no_data = no data
hunt-proposed = proposed: { $verdict }
hunt-take-proposals = { $count ->
    [one] Take the proposal
   *[other] Take { $count } proposals
}
hunt-judge = Judge
hunt-judge-hint = Clean takes data that was there and every query run to its end.
hunt-remark = Remark
hunt-remark-hint = For this customer: what was seen, what it turned out to be. Nobody else's people read it.
hunt-incident = Incident { $number }

hunt-queries = Queries
hunt-queries-none = Nothing is asked yet.
hunt-query-add = Add a query
hunt-query-edit = Edit the query
hunt-query-delete = Delete the query
hunt-query-delete-text = "{ $name }" is taken out of the hunt.
hunt-query-kind = What is asked
hunt-query-kind-search = Search
hunt-query-kind-list = Indicator list
hunt-query-kind-use_case = Rule
hunt-query-name = Name
hunt-query-q = Query
hunt-query-q-hint = As on the events page. It names no customer: the hunt does.
hunt-query-rule = Rule text
hunt-query-rule-hint = Sigma, with the rules it refers to; it is held against stored records.
hunt-query-period = Looks at
hunt-query-note = What to look at among what it finds
hunt-last-days = { $days ->
    [one] last day
   *[other] last { $days } days
}
hunt-last-hours = last { $hours } h
hunt-between = between two instants
hunt-from = From
hunt-to = To
hunt-detect = Make a detection
hunt-detect-make = Make it
hunt-detect-kind = What it becomes
hunt-detect-hint = A draft has the same condition as a rule and judges nothing until somebody finishes it.
hunt-detect-request = Request
hunt-detect-use_case = Draft of a use case
hunt-detections = Detections born

hunt-run = Run
hunt-run-one = Run
hunt-run-data = Look for data
hunt-run-data-hint = Only looks who has the data the hunt needs.
hunt-run-asked = The run has begun
hunt-run-cancel = Stop
hunt-run-continue = Go on
hunt-run-progress = How far the run is
hunt-run-done = { $done } of { $all }
hunt-run-state-queued = Waiting
hunt-run-state-running = Running
hunt-run-state-done = Done
hunt-run-state-cancelled = Stopped
hunt-run-state-interrupted = Interrupted
hunt-run-cancelled-hint = What was found is kept.
hunt-run-interrupted-hint = The platform stopped in the middle. What was found is kept; it can go on where it stopped.
hunt-last-run = Last run

hunt-result = What was found
hunt-count = Found
hunt-truncated = (of a part)
hunt-looked-at = Looked at
hunt-asked = Asked
hunt-took = took { $seconds } s
hunt-search = Open in the event search
hunt-samples = Samples kept
hunt-samples-none = No sample was kept.
hunt-nothing = Nothing was found.
hunt-raw = Record
hunt-event-open = Open the event, while it is kept
hunt-incident-open = Open an incident
hunt-incident-link = Link an incident
hunt-incident-id = Incident
hunt-incident-id-hint = Its address, or the id in it (inc_…).
hunt-incident-note = First comment
hunt-incident-note-hint = The record goes into the timeline by itself.
hunt-incident-done = Incident #{ $number } is linked

hunt-time = Log time
hunt-minutes = Minutes
hunt-minutes-hint = Below 0 takes some back.
hunt-time-note = On what
hunt-time-back = taken back
hunt-minutes-short = { $minutes } min
hunt-hours-short = { $hours } h
hunt-hours-minutes = { $hours } h { $minutes } min
hunt-conclude = Conclude
hunt-conclude-hint = What came of it, in words. Read by those who see every customer of the hunt.
hunt-conclude-unjudged = { $count ->
    [one] One customer is not judged yet: a hunt is concluded when all are.
   *[other] { $count } customers are not judged yet: a hunt is concluded when all are.
}
hunt-conclusion = Conclusion
hunt-call-off = Call off
hunt-reopen = Take up again
hunt-reason = Reason
hunt-sum-customers = { $count ->
    [one] One customer
   *[other] { $count } customers
}
hunt-sum-part = { $verdict } { $count }
hunt-sum-incidents = { $count ->
    [one] One incident
   *[other] { $count } incidents
}
hunt-share = your customers' share
hunt-partly = You see your customers' part of this hunt.
hunt-for-list = Hunt for this
hunt-from-search = Hunt for it
hunt-week = week { $week }, { $year }

hunt-summary = By customer
hunt-summary-period = Period
hunt-summary-days = { $days } days
hunt-summary-hint = Hunts concluded in the period. Time is shared evenly among a hunt's customers.
hunt-summary-none = No hunt was concluded in this time
hunt-summary-none-hint = A hunt counts from the moment it is concluded.

programme-new = New programme
programme-edit = Edit the programme
programme-delete = Delete the programme
programme-delete-text = "{ $name }" makes no more hunts. Those it has made stay.
programme-rhythm = Rhythm
programme-weekly = every week
programme-monthly = every month
programme-every-week = every { $day }
programme-every-month = monthly on day { $day }
programme-weekday = Weekday
programme-day = Day of the month
programme-day-hint = In a shorter month its last day.
programme-due-days = Days until it is due
programme-active = Makes hunts
programme-off = paused
programme-next = Next
programme-last = Latest
programme-begin = Begin this round
programme-queries = { $count ->
    [one] One query
   *[other] { $count } queries
}
programme-hunts = Its hunts
programme-customers-hint = Every customer there is at the time when none is chosen.
programme-customers-some-hint = Choose those it is for.
programmes-none = No programme yet
programmes-none-hint = A programme makes the same hunt every week or month by itself.
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday

# What the server says of a hunt's fields.
field-hunt-not-run = Cannot be clean before the hunt was run for this customer
field-hunt-no-data = Cannot be clean without data: say "no data"
field-hunt-query-not-run = Cannot be clean before "{ $name }" was run for this customer
field-hunt-query-changed = Cannot be clean: "{ $name }" was changed since it was run
field-hunt-query-failed = Cannot be clean: "{ $name }" failed. Run it again, or say inconclusive
field-hunt-customer = Must not name a customer: choose the hunt's customers instead
field-hunt-everything = Asks for nothing: every event would be found

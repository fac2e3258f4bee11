# Alerts: what detection says.

severity = Severity
severity-critical = Critical
severity-high = High
severity-medium = Medium
severity-low = Low
severity-informational = Info
severity-any = Any severity
severity-from = { $severity } and above

outcome = Outcome
outcome-attempted = Attempted
outcome-blocked = Blocked
outcome-succeeded = Succeeded
outcome-compromised = Compromised

alert = Alert
alert-title = Alert
alert-about = About
alert-count = Count
alert-first = First seen
alert-last = Last seen
alert-origin = Origin
alert-origin-any = Any origin
alert-origin-rule = Rule
alert-origin-correlation = Correlation
alert-origin-baseline = Baseline
alert-origin-device = Device alarm
alert-origin-platform = Platform
alert-origin-intel = Threat intelligence
alert-state = State
alert-state-new = New
alert-state-open = Open
alert-state-raised = Raised
alert-state-ignored = Ignored
alert-state-ended = Ended by itself
alert-state-silent = Silent
alert-raise = Raise incident
alert-ignore-such = Ignore such alerts
alert-open-incident = Open its incident
alert-by-policy = Decided by an audit policy
alert-next = Next alert
alert-previous = Previous alert
alerts-to-judge = To judge
alerts-ignored = Ignored alerts
alerts-ignored-note = These alerts were ignored by our own audit policies. They are kept here so that a policy that hides too much is noticed.
alerts-empty = No alerts here
alerts-empty-hint = Nothing matches these filters. New alerts appear by themselves.
alerts-first-shown = { $shown ->
    [one] The first alert is shown.
   *[other] The first { $shown } alerts are shown.
}

times = { $count ->
    [one] once
   *[other] { $count } times
}
why-fired = What fired and why
matched-fields = Matched fields
keyword = keyword
samples = Sample events
sample = Sample { $number }
samples-none = No sample event is kept with this alert.
rule = Rule
techniques = ATT&CK
event-open = Open event
events-around = Events around it

entities = Entities
entities-none = Nothing is named.
entities-more = { $count ->
    [one] { NUMBER($count) } more
   *[other] { NUMBER($count) } more
}
entity-kind = Kind
entity-value = Value
entity-name = Known as
entity-source_address = Source
entity-destination_address = Destination
entity-host = Host
entity-user = User
entity-process = Process
entity-file = File
entity-hash = Hash
entity-domain = Domain
entity-url = URL
pivot-hint = Search events for { $value }

card = Instruction card
card-none = This use case has no instruction card.
card-facts = Base facts
card-trigger = Trigger logic
card-false-positive = Signs of a false positive
card-consequences = Possible consequences
card-recommendations = Recommendations

alert-intel = Indicator
alert-intel-title = Indicator seen: { $value }
alert-intel-named-by = Named by
alert-intel-withheld = { $count } more lists name it that are for their receivers alone (TLP:RED).
alert-intel-card = A value of this event is on a list of indicators ({ $kind }). Look at who met it and what went on before and after; check with the sources how sure they are and of what; look for the same indicator at other hosts. If the contact is real, isolate the host and keep evidence. If the indicator is wrong or means everybody's traffic, put it on a warning list.

## Storms

storm = Storm
storm-about = storm: about { $keys }
storm-keys = The rule goes off about ever new things: about { $keys } of them, { $count } detections. They are held together here; alerts begun before the storm go on by themselves.
storm-rest = { $count } further detections are about others.

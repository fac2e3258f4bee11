# Baselines: what is usual, and what departs from it.

departure = What is unusual
departure-customer = The customer
departure-first-seen = { $who }: { $field } is { $value } for the first time in { $span }.
departure-first-seen-known = { $known ->
    [one] One value is known: { $latest }.
   *[other] { $known } values are known, the last was { $latest }.
}
departure-first-seen-none = No value was known before.
departure-first-seen-nobody = Nobody else of the customer had it either.
departure-rare = { $who }: { $field } is { $value }, which { $having } of { $of } have.
departure-rare-others = Others that have it: { $others }.
departure-off-hours = { $who } was active on { $weekday } at { $time }, local time. On { $kind } there was something around this hour on { $active } of { $days } days; usual hours: { $hours }.
departure-workdays = workdays
departure-weekend = weekends
departure-hours = { $from } to { $to }
departure-join = {", "}
departure-no-hours = none
departure-volume = { $who }: { $value } { $what } within { $span } from { $from }. Usual at this time of day: { $usual }, up to { $high }; the most ever: { $most }.
departure-events = events
departure-beacon = { $who } came back to { $value } every { $interval } ({ $jitter } % off), { $beats } times since { $from }. { $having } of { $of } have this destination.
departure-since = Profile since
departure-observations = Made of
departure-latest = Latest known values
departure-profile = What is usual here
departure-learned = What was seen is learned: it alarms once. If it must not be tolerated, act now.

profiles = Profiles
profiles-none = Nothing learned yet
profiles-none-hint = As soon as a rule this baseline refers to matches an event of a customer, learning begins.
profiles-of = What is usual at { $customer }
profiles-learning = Learning
profiles-learning-of = learning, { $days } of { $wanted } days
profiles-learned = learned, for { $span }
profiles-known = Known
profiles-forgotten = Forgotten for want of room
profiles-bytes = Memory
profiles-latest = Latest event
profiles-look-up = Look up
profiles-heard = Heard of last:
profiles-is-learned = learned
profiles-is-learning = still learning
profiles-since = { $observations ->
    [one] Since { $since }, last seen { $last }, made of one observation.
   *[other] Since { $since }, last seen { $last }, made of { $observations } observations.
}
profiles-forget = Forget this profile
profiles-forget-text = What is usual for { $name } is forgotten and learned anew. Until then nothing of it alarms here.
profiles-forget-do = Forget
profiles-forgot = The profile is forgotten
profiles-values = { $known ->
    [one] One known value
   *[other] { $known } known values
}
profiles-values-elsewhere = Which values it has is counted over all hosts and users together, and not listed one by one.
profiles-value = Value
profiles-first = Since
profiles-last = Last seen
profiles-unreadable = known, no longer readable
profiles-week = { $weeks ->
    [one] When there was something in the week seen so far
   *[other] When there was something in the last { $weeks } weeks, local time
}
profiles-volume = Usual numbers by time of day; the most ever was { $most }
profiles-part = Time of day
profiles-usual = Usual
profiles-high = Up to
profiles-windows = Spans compared
profiles-interval = Interval
backtest-learned = A baseline learns first: until { $until } nothing could fire.

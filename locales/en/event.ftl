# Events: parsed log records, and searching them.

event = Event
event-id = Event id
event-time = Time
event-received = Received
event-time-original = Time as written
event-source = Source
event-raw = Record as received
event-fields = Fields
event-core = Core fields
event-own = The record's own fields
events-count = { $count ->
    [one] 1 event
   *[other] { NUMBER($count) } events
}
events-empty = No events found
events-empty-hint = Take a longer time or fewer filters.
search = Search
search-again = Search again
range = Time
range-15m = Last 15 minutes
range-1h = Last hour
range-4h = Last 4 hours
range-24h = Last 24 hours
range-7d = Last 7 days
range-30d = Last 30 days
range-custom = From – to
range-from = From
range-to = To
histogram = Events over time
histogram-hint = Drag over the bars to zoom in
histogram-summary = { $count ->
    [one] 1 event; the peak is { $peak } at { $at }
   *[other] { $total } events; the peak is { $peak } at { $at }
}
zoom-in = Zoom in
zoom-out = Zoom out
columns = Columns
column-toggle = Show or hide the column { $field }
filter-field = Field filter
filter-exclude = Without this value of { $field }
filter-apply = Apply
filters-clear = Clear the query
field = Field
operator = Operator
value = Value
value-range = Range such as 10.0.0.0/8
op-is = is
op-is_not = is not
op-contains = contains
op-starts_with = starts with
op-exists = exists
op-missing = is missing
op-in_range = is in range
top-of = Commonest values of { $field }
top-none = No event found has this field.

log-source-cef_generic = CEF
log-source-fortinet_fortigate = FortiGate
log-source-microsoft_windows = Windows
log-source-nginx_access = nginx access log
log-source-openssh_sshd = OpenSSH
log-source-sangfor_af = Sangfor AF
log-source-sangfor_edr = Sangfor EDR
log-source-sudo_sudo = sudo
log-source-suricata_eve = Suricata

# Finding events: the query and its language, fields, saved searches, live view, SQL.

query = Query
query-hint = user_name:li* AND NOT event_action:allow “failed password”
query-proposals = Proposals
query-help = The search language
query-help-meaning = What it finds
query-help-more = Side by side means AND. Arrow keys and Tab take a proposal, Ctrl Space asks for some, Alt ↓ shows earlier queries. The whole language is in docs/SEARCHING.md.
query-example-word = Records with the word failed, in upper or lower case
query-example-phrase = Records with this phrase
query-example-anywhere = Records with kerb anywhere, also within a word
query-example-field = A user name that begins with li
query-example-quoted = A value taken exactly as it is written
query-example-network = A source address in this range
query-example-range = A number between two ends; also >=1024
query-example-list = One of several values
query-example-exists = A user name is there, and the outcome is anything but success
query-example-group = The address on either side, seen by one log source; @time, @received, @device and @customer work alike
query-unread = The query cannot be read
query-unread-hint = The place is marked above. Correct it and search again.
query-unclosed-quote = This quotation mark is never closed. Add another " where the text ends.
query-unclosed-parenthesis = This ( is never closed. Add a ) where its conditions end.
query-stray-parenthesis = This ) closes nothing. Remove it, or add a ( before it.
query-unclosed-range = This range is never closed. End it with ] or, to exclude the end, with a curly bracket.
query-range-to = A range has TO between its ends: [1 TO 1024]
query-range-end = A range needs at least one end: [5 TO *]. For any value write field:*
query-range-wildcard = The end of a range takes no wildcards. Write a value, or * alone for an open end.
query-range-field = A range stands after a field: destination_port:[1 TO 1024]
query-before-word = Something is missing before { $word }. Add a condition, or write "{ $word }" in quotes to look for the word.
query-before-parenthesis = A condition is missing before this ).
query-ends = The query ends where a condition is missing. Add one, or remove the last word.
query-condition = A condition should stand here: a word, a quoted text or field:value.
query-list = Between the values of a list stands OR, AND or a comma; ) ends it.
query-value-word = A value should stand here. If { $word } is the value, write it in quotes.
query-value = A value should stand here: a word, a quoted text, *, a range such as [1 TO 5], >5, an address range or a list such as (a OR b).
query-compare = A number, an address or a text to compare with should stand here.
query-time = A time looks like 2026-11-21T08:00:00Z, a day like 2026-11-21.
query-field-wildcard = A field name has no wildcards. Put it in quotes if the sign is part of the name.
query-too-long = A query has at most { $most } characters.
query-too-many = A query has at most { $most } conditions.
query-too-deep = Conditions nest at most { $most } deep.
condition-include = Click: must hold instead
condition-exclude = Click: must not hold instead
condition-remove = Remove the condition { $condition }
fields = Fields
fields-hide = Hide the fields
fields-toggle = Show or hide the fields
fields-find = Find a field
fields-none = No field has this name.
fields-read = { $count ->
    [one] How many have it, of the event read
   *[other] How many have it, of the { NUMBER($count) } newest
}
field-present = { $count ->
    [one] 1 event has it ({ $share })
   *[other] { NUMBER($count) } events have it ({ $share })
}
field-present-hint = Show only these
field-missing = { $count ->
   *[other] { NUMBER($count) } without
}
field-distinct = { $count ->
    [one] one value
   *[other] about { NUMBER($count) } values
}
field-share = { $share } of the events
field-kind-text = text
field-kind-address = address
field-kind-int = number
field-kind-own = the record's own
field-kind-envelope = envelope
pivot-menu = What to do with { $value }
pivot-filter-for = Filter for this value
pivot-filter-out = Filter this value out
pivot-only-this = Only this value
pivot-around-event = Around this event, ±5 minutes
pivot-everywhere = This value at all my customers
copy-link = Copy link
searching = { $seconds ->
   *[other] Searching for { NUMBER($seconds) } s
}
search-stop = Stop
search-stopped = The search was stopped. Nothing goes on at the server.
search-cost = { $bytes } read, { NUMBER($milliseconds) } ms
search-cost-hint = What this search read from the disk, and how long it took
saved-searches = Saved searches
saved-none = None yet. Save the present one.
saved-shared = shared
saved-name = Name
saved-by = by { $name }
save-search = Save search
saved-edit = Change the saved search
saved-share = Share with colleagues
saved-share-all = Everybody who may search events sees it.
saved-share-customer = Everybody who sees { $customer } sees it.
saved-replace = Take over the query, columns, customer and time shown now
saved-delete = Delete the saved search { $name }?
saved-delete-hint = Links to it stop working. Events are not touched.
export-make = Export
export-format = Format
export-columns-hint = NDJSON always holds whole events.
export-columns-shown = Those shown, and the record
export-columns-common = The common ones
export-most = Events at most
export-most-hint = Up to 5,000,000; files are written oldest first.
export-start = Start export
export-asked = The export is under way.
tail-start = Live
tail-stop = Stop live
tail-toggle = Follow live what arrives
tail-on = Live: what arrives now
tail-connecting = Connecting
tail-failed = The live view ended.
tail-paused = Paused while you read
tail-skipped = { $count ->
    [one] 1 more arrived than can be shown
   *[other] { $shown } more arrived than can be shown
}
tail-empty = Nothing has arrived yet that fits
tail-empty-hint = Events appear here a moment after they are received.
sql-text = SQL
sql-edit = Edit the SQL text
sql-run = Run
sql-hint = One SELECT over events: id, time, received, customer, device, source, raw, the core fields by name, a record's own fields as f_<name>. Only your customers and this time are in it.
sql-problem = Line { $line }, column { $column }:
sql-result = Result
sql-rows = { $count ->
    [one] 1 row
   *[other] { NUMBER($count) } rows
}
sql-truncated = there were more
sql-shown = { $count ->
   *[other] the first { NUMBER($count) } are shown; the files hold all
}
sql-empty = No rows

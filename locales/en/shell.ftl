# What surrounds every page: bar, palette, help, states, forms.

brand = Vedette
brand-claim = The managed security operations platform
demo = Demo

## Signing in

sign-in = Sign in
sign-in-login = Login
sign-in-password = Password
sign-in-busy = Signing in…
sign-in-demo = This is a demo: the sign-ins were printed where it was started.
sign-out = Sign out

## Navigation

nav-label = Pages
nav-workbench = Workbench
nav-incidents = Incidents
nav-alerts = Alerts
nav-events = Events
nav-exports = Exports
nav-sql = SQL
nav-customers = Customers
nav-storage = Storage
nav-devices = Devices
nav-policies = Audit policies
nav-rules = Use cases
nav-intel = Intel
nav-users = Users
nav-audit = Audit log
nav-account = My account
skip-to-content = Skip to content
page-not-found = There is no such page
page-not-found-hint = The address may be mistyped, or what it led to is gone.

## Live

live-connecting = Connecting
live-live = Live
live-stale = Stale
stale-banner = The stream of changes has been lost since { $since }. What you see may be old; it is read again as soon as the stream is back.

## Theme and language

theme = Appearance
theme-system = As the system
theme-light = Light
theme-dark = Dark
theme-to-light = Light appearance
theme-to-dark = Dark appearance
theme-toggle = Switch between light and dark
language = Language
language-zh = 简体中文
language-en = English
language-other = 中文

## Commands

commands-general = Anywhere
commands-go = Go to
commands-list = In a list
commands-page = On this page
commands-incident = On this incident
palette-open = Commands
palette-title = Command palette
palette-hint = A command, a customer, an incident number or words to search for
palette-customer = Customer: { $name }
palette-incident = Incident #{ $number }
palette-search = Search events for “{ $text }”
palette-saved = Saved search: { $name }
help-title = Keyboard shortcuts
list-next = Next row
list-previous = Previous row
list-first = First row
list-last = Last row
list-open = Open
list-fresh = Show what is new
search-here = Search or filter
back-to-list = Back to the list

## Lists

list-new = { $count ->
    [one] 1 new
   *[other] { $count } new
}
list-more = Reading more…
list-more-failed = More could not be read. Try again
list-end = { $count ->
    [one] End of the list, 1 row
   *[other] End of the list, { $shown } rows
}
filter-text = Filter by text
all = All
any = Any
none = None
never = Never
not-yet = Never
yes = Yes
no = No
choose = Choose…
actions = Actions
created = Created

## States

loading = Loading…
retry = Try again
close = Close
dismiss = Dismiss
cancel = Cancel
save = Save
saved = Saved
edit = Edit
add = Add
remove = Remove
delete = Delete
deleted = Deleted
enable = Enable
disable = Disable
done = Done
copy = Copy
copied = Copied
open-page = Open as a page
zone-customer = the customer's time
zone-there = { $time } at the customer

problem-bad-credentials = Login and password do not match.
problem-too-many-attempts = Too many attempts. Wait a few minutes and try again.
problem-forbidden = You may not see this
problem-forbidden-hint = Your roles do not include it. An administrator can change that under Users.
problem-not-found = This does not exist
problem-not-found-hint = It may have been deleted, or it belongs to a customer outside your scope.
problem-conflict = Somebody else changed it meanwhile.
problem-conflict-hint = Look at what it is now and try again.
problem-taken = The name is already in use.
problem-not-allowed-now = That cannot be done in the present state.
problem-too-large = That is more than the server takes at once.
problem-invalid = Something cannot be kept as it is.
problem-too-costly = This search takes more than one search may.
problem-too-costly-hint = Take a shorter time, one customer, or a condition on a field; free text with a * in front reads most. ({ $detail })
problem-searched-too-much = Your searches have read their share of this minute.
problem-searched-too-much-hint = Wait a minute, or search a shorter time. This keeps one person from slowing everybody down.
problem-csrf = The session has changed.
problem-csrf-hint = Load the page again.
problem-unreachable = The server cannot be reached.
problem-unreachable-hint = Check the connection. Nothing you did here was recorded.
problem-unavailable = The server cannot do this just now.
problem-unexpected = Something failed on the server.

## Forms

form-required = Must be filled in
field-length = Must have { $least } to { $most } characters
field-at-most = Must have at most { $most } characters
field-at-least = Must have at least { $least } characters
field-between = Must be { $least } to { $most }
field-time-zone = Must be an IANA time zone such as Asia/Shanghai
field-addresses = Must be IP addresses
field-ranges = Must be CIDR ranges such as 10.1.0.0/16
field-many = Must be at most { $most }
field-one-or-more = Must be 1 or more
field-fingerprint = Must be the certificate's SHA-256: 64 hexadecimal digits
field-future = Must be in the future
field-one-customer = Choose one customer in the search first: what names none would be seen by people of other customers
field-host = Must be addresses or host names
field-source = Must be the name of a source
field-person = Must be an active user who sees this customer
field-severities = Must not be below the least severity
form-check-fields = Some fields need another look.
form-keys = Ctrl Enter sends, Esc closes
one-per-line = One per line
time-zone = Time zone
time-zone-hint = An IANA name such as Asia/Shanghai
minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}

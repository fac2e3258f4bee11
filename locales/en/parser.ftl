# What takes records apart.

nav-parsers = Parsers
parser = Parser
parser-new = New parser
parser-name = Name
parser-text = Text of the parser
parser-origin = Origin
parser-origin-built_in = Built in
parser-origin-folder = From the folder
parser-origin-own = Our own
parser-replaces = replaces a built-in one
parser-events = Events, 24 h
parser-devices = Devices
parser-samples = Samples
parser-changed = Changed
parser-version = version { $version }
parser-import = Import…
parser-export = Export
parser-check = Check and save
parser-to-built-in = Take the built-in text
parser-saved = { $name } is saved and parses from now on.
parser-open-with = Open in the parser editor
parser-kept-as = Kept as
parser-read-only = You can try changes here. Saving takes the right to write parsers, for every customer.
parser-samples-hidden = Its samples may hold a customer's lines: only who sees every customer sees them.
parser-delete-text = { $name } is deleted; what it was stays among its versions. Its records are then kept by their format alone.
parser-delete-replaced = { $name } is deleted; what it was stays among its versions. The built-in parser of this name takes its place.
parser-save-title = Save { $name }
parser-save-hint = It parses every record from the next on, of all customers. Stored events stay as they are.
parser-checked = { $samples ->
    [one] 1 sample of its own
   *[other] { $samples } samples of its own
} and { $others } of other parsers were run.
parser-check-calm = Its samples parse as before, and it takes nothing from others.
parser-not-taken = { $count ->
    [one] 1 sample is not taken by it
   *[other] { $count } samples are not taken by it
}
parser-takes-others = { $count ->
    [one] It takes 1 sample that belongs to another parser
   *[other] It takes { $count } samples that belong to other parsers
}
parser-changes = { $count ->
    [one] 1 sample parses to something else than before
   *[other] { $count } samples parse to something else than before
}
parsers-share = { $share } of { $events } events of the last 24 hours were recognised
parsers-shown = Shown
parsers-used = With events
parsers-count = { $count ->
    [one] 1 parser
   *[other] { $count } parsers
}
parsers-empty = No parser is called so

trial-lines = Lines: { $taken } of { $all } taken
trial-paste = Paste lines, one record a line
trial-add = Add
trial-results = What becomes of the lines
trial-none = Paste lines of the device, or open this page from a device's unrecognised records.
trial-taken = Taken
trial-missed = Not taken
trial-remove = Remove this line
trial-now = Today recognised as
trial-cost = { $micros } µs a line
trial-also = Also taken by
trial-doubtful = written as { $text }
trial-alarm = Device alarm
trial-variant = Layout { $number }
trial-line = line { $line }
trial-before = found before:
trial-running = Trying…
trial-text-fine = The text can be used.
trial-cut-short = Trying took too long: the last lines were left out.
trial-first = Only the first { $count } lines are tried while you edit; saving runs all.

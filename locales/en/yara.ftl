# Files of incidents, and the YARA rules they are held against.

attachments = Attachments
attachments-none = No files are attached.
attachments-none-drop = No files yet. Drop them here: they are hashed, held against YARA rules and never opened.
attachment-add = Attach files
attachment-sending = Sending { $name }
attachment-checking = being kept
attachment-dismiss = Dismiss
attachment-too-large = Not attached: a file may have 64 MiB. Send it in parts.
attachment-is-empty = Not attached: the file is empty.
attachment-too-many = Not attached: the incident has 100 files. Remove some first.
attachment-incident-full = Not attached: the files of an incident may have 512 MiB in all. Remove some first.
attachment-customer-full = Not attached: the files of a customer may have 20 GiB in all. Remove some first.
attachment-already = The incident has this content already, as { $name }.
attachment-added = Attached
attachment-removed = Removed
attachment-scanned = Scanned
attachment-held-against = { $files ->
    [one] 1 file against { $rules } rules
   *[other] { $files } files against { $rules } rules
}
attachment-pivot = Events of the last 30 days that name it
attachment-known = Its { $hash } is named by
attachment-withheld = { $count ->
    [one] 1 list that you may not know
   *[other] { $count } lists that you may not know
}
attachment-matches = { $count ->
    [one] 1 rule matches
   *[other] { $count } rules match
}
attachment-no-match = { $rules ->
    [one] The one rule does not match
   *[other] None of { $rules } rules matches
}
attachment-waits = Waits to be scanned
attachment-stopped = Scan stopped: its time was over
attachment-failed = Scan failed
attachment-scan-failed = The scan of this file failed. It is tried again when rules change.
attachment-unavailable = Not scanned: this build has no YARA engine
attachment-in-intel = In threat intelligence
attachment-partly = Partly scanned
attachment-gone = Content removed
attachment-skipped = { $count ->
    [one] One thing in it was not looked at:
   *[other] { $count } things in it were not looked at:
}
attachment-skip-too_large = larger than 64 MiB
attachment-skip-bomb = unpacks to far more than it takes
attachment-skip-too_much = beyond 512 MiB unpacked in all
attachment-skip-too_deep = in more archives than are opened
attachment-skip-too_many = beyond 10,000 members
attachment-skip-encrypted = its password is not "infected"
attachment-skip-unsupported = packed in a way that is not read
attachment-skip-damaged = damaged
attachment-skip-out_of_time = the time for the file was over
attachment-skip-timed_out = its scan was stopped after 10 s
attachment-skip-failed = its scan failed
attachment-inside = in the archive:
attachment-zip = Download as ZIP
attachment-plain = As it is
attachment-zip-hint = The ZIP's password is "infected". Every download is on record.
attachment-remove = Remove content
attachment-remove-hint = The content goes for good. Name, hashes, your name and this reason stay.
attachment-was-removed = The content is removed.
entry-file-attached = attached
entry-file-matched = found that rules match
entry-file-removed = removed the content of

yara-rules = YARA rules
yara-set = Set of YARA rules
yara-sets = Sets of our own
yara-sets-none = None yet. A set is a text of rules, for all customers or for some.
yara-lead = Files attached to incidents are held against these rules. When a set changes, files that are there are scanned again.
yara-no-engine = This build does not scan: it was made without the feature "yara".
yara-built-in = Built in
yara-new = New set of rules
yara-name = Name
yara-state = State
yara-count = Rules
yara-size = Size
yara-changed = Changed
yara-on = On
yara-off = Off
yara-left-out = { $count } left out
yara-version = Version { $version }
yara-rule = Rule
yara-means = A match means
yara-tags = Tags
yara-text = Rules
yara-note = Note
yara-note-hint = Where it is from, what it is for
yara-enabled = Hold files against these rules
yara-for = Files of
yara-for-hint = Of every customer when none is chosen.
yara-for-some-hint = Choose one at least: rules for every customer take somebody who sees all of them.
yara-checking = Being checked
yara-loads = { $count ->
    [one] 1 rule loads
   *[other] { $count } rules load
}, { $problems ->
    [0] no problems
    [one] 1 problem
   *[other] { $problems } problems
}
yara-found = What the text holds
yara-problems = { $count ->
    [one] 1 thing does not load
   *[other] { $count } things do not load
}
yara-place = Line { $line }, column { $column }
yara-leave-out = Save without what does not load
yara-in-force = { $count ->
    [one] 1 rule
   *[other] { $count } rules
}
yara-read-only = You may look but not change it.
yara-saved = Saved. Files that are there are scanned again.
yara-delete-text = { $name } is deleted for good. What its rules said of files goes with the next scan.

# How long events are kept, and their deletion.

storage-kept = Kept
storage-kept-days = Days events are kept
storage-kept-days-hint = At least { $days }. Empty: the platform's default.
storage-default = Events are kept for { $days } days unless a customer has a setting of its own.
storage-default-ever = Events are kept for ever unless a customer has a setting of its own.
storage-floor = Nobody's are kept for less than { $days } days.
storage-days = { $days } days
storage-ever = for ever
storage-by-default = (default)
storage-size = Size
storage-oldest = Oldest event
storage-hold = Legal hold
storage-hold-hint = Why nothing may be deleted at present. Empty: no hold.
storage-held = on hold
storage-held-hint = Under legal hold nothing is deleted.
storage-actions = Actions
storage-edit = Retention and legal hold
storage-damaged = { $count } damaged files
storage-delete = Delete events
storage-delete-title = Delete events of { $name }
storage-delete-warning = Events of this time go for good. A certificate says what went, when and why.
storage-delete-now = Delete for good
storage-reason = Reason
storage-reason-hint = It stands in the certificate.
storage-deleted = { $count ->
    [one] 1 event was deleted.
   *[other] { NUMBER($count) } events were deleted.
}
storage-nothing = There were no events of this time. Nothing was deleted.
storage-certificates = Certificates of deletion
storage-no-certificates = Nothing has been deleted yet.
storage-certificate = Certificate
storage-copy = Copy as JSON
storage-asked-by = Asked for by
storage-files = Files
storage-finished = Finished
storage-remains = Remains
deletion-cause-expired = Expired
deletion-cause-requested = Requested
deletion-cause-damaged = Damaged

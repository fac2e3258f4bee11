# Exports of events.

exports-lead = Files of events are made in the background and kept for a week. Only you can fetch yours.
exports-none = No exports
exports-none-hint = Search events and press Export.
export-what = Events
export-all = all events
export-state = State
export-state-queued = Waiting
export-state-running = Being written
export-state-done = Ready
export-state-failed = Failed
export-state-cancelled = Cancelled
export-state-expired = No longer kept
export-progress = How far it is
export-events = Events
export-size = Size
export-kept = Kept
export-until = until { $time }
export-actions = Actions
export-fetch = Download
export-cancelled = Cancelled

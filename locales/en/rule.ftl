# Rules: detection content.

rule-title = Title
rule-log-source = Log source
rule-status = Status
rule-status-stable = Stable
rule-status-test = In test
rule-status-experimental = Experimental
rule-status-deprecated = Deprecated
rule-status-unsupported = Unsupported
rule-author = Author
rule-path = File
rule-id = Rule id
rule-text = Rule as written
rule-references = References
rule-reason = Why it does not fire
rule-alerts = Its alerts
rules-live = Live
rules-inactive = Inactive
rules-inactive-none = Every loaded rule is live
rules-empty = No rules found
rules-empty-hint = No title, id or tag contains the text.

backtest = Backtest
backtest-own = Try a rule
backtest-run = Look back
backtest-running = Looking back…
backtest-span = How far back
backtest-days = { $days ->
    [one] 1 day
   *[other] { $days } days
}
backtest-result = What it would have done
backtest-hint = Holds this text against what is stored, as the rule would see it. Nothing is kept and nobody is told.
backtest-mistakes = This text cannot be used:
backtest-no-source = No source read here gives records of this log source: the rule could never fire.
backtest-fires = { $fired ->
    [0] It would not have fired.
    [one] It would have fired once.
   *[other] It would have fired { $fired } times, about { $things ->
        [one] one thing
       *[other] { $things } different things
    } (first entity and day).
}
backtest-looked = { $records } records from { $from } to { $to }.
backtest-cost = Judging a record takes { $nanos } ns.
backtest-part = Only the latest part: there is more than can be looked at while you wait. Choose fewer days or one customer.
backtest-sources = Records of: { $sources }
backtest-by-day = By customer and day
backtest-day = Day (UTC)
backtest-fired = Fires
backtest-entities = About what, most often
backtest-samples = Latest records behind it

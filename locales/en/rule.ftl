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

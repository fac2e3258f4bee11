# Audit policies: what becomes of an alert.

policies-note = The first enabled policy that matches decides: a customer's own from top to bottom, then the global ones. What is ignored stays visible in its own list:
policies-empty = No audit policies
policies-empty-hint = Without a policy every alert waits for somebody to judge it.
policy-order = Order
policy-for = For
policy-global = All customers
policy-name = Name
policy-when = When
policy-action = Action
policy-action-ignore = Ignore
policy-action-raise_incident = Raise incident
policy-severity = Severity of the incident
policy-severity-own = The alert's own
policy-severity-hint = Only where an incident is raised
policy-title-contains = Title contains
policy-at-least = At least
policy-at-most = At most
policy-sources = Source addresses in
policy-destinations = Destination addresses in
policy-ranges-hint = One address or CIDR range per line. To raise, one address of the alert inside is enough; to ignore, all of them must be.
policy-rules = Rule ids
policy-devices = Device ids
policy-count = At least so many detections
policy-hits = Hits
policy-expires = Expires
policy-expires-hint = Empty: never
policy-state = State
policy-enabled = Enabled
policy-disabled = Disabled
policy-expired = Expired
policy-up = Move { $name } up
policy-down = Move { $name } down
policy-create = New policy
policy-edit = Edit policy
policy-delete = Delete policy
policy-delete-text = { $name } will no longer decide. Alerts it decided keep their state.
condition-any = any alert
condition-rule = rule is
condition-title = title contains “{ $text }”
condition-at-least = { $severity } and above
condition-at-most = { $severity } and below
condition-origin = origin is { $origin }
condition-sources = source in { $values }
condition-destinations = destination in { $values }
condition-devices = device is { $values }
condition-count = { $count ->
    [one] at least 1 detection
   *[other] at least { $count } detections
}

# Devices and what they send logs with.

device = Device
device-name = Name
device-name-hint = A branch's device is named after its place
device-kind = Kind
device-kind-firewall = Firewall
device-kind-ndr = NDR
device-kind-edr = EDR
device-kind-waf = WAF
device-kind-scanner = Scanner
device-kind-host = Host
device-kind-directory = Directory
device-kind-application = Application
device-kind-cloud = Cloud
device-kind-collector = Collector
device-kind-other = Other
device-state = State
device-state-online = Online
device-state-offline = Offline
device-state-never_connected = Never connected
device-last = Last event
device-events = Events
device-unparsed = Not parsed
device-address = Address
device-version = Software version
device-source-any = Recognised by record
device-source-hint = The parser folder; empty: recognised record by record
device-zone-hint = Of times written without a zone; empty: the customer's
device-silence = Silence limit
device-silence-hint = Minutes without an event before it counts as offline
device-create = New device
device-edit = Edit device
device-delete = Delete device
device-delete-text = { $name } and its credentials are removed, and what it sends is refused from then on. Its events stay.
device-show-events = Its events
devices-empty = No devices here
devices-empty-hint = Create a device and issue a credential; it appears as online with its first event.

credentials = Credentials
credentials-none = Without a credential this device cannot send logs.
credential-kind = Kind
credential-kind-token = Token
credential-kind-certificate = Client certificate
credential-kind-port = Port of its own
credential-kind-address = Address at a collector
credential-about-token = Token: in an HTTP header or in syslog structured data
credential-about-certificate = Client certificate: known by its fingerprint, over TLS
credential-about-port = Port of its own: for senders that can carry neither
credential-about-address = Address: vouched for by a collector of the customer
credential-label = Recognised by
credential-by = by
credential-address = Address
credential-address-hint = An IP address, or a range such as 10.1.2.0/24
credential-collector = Collector that vouches for it
credential-collector-none = This customer has no device of the kind collector yet
credential-fingerprint = Fingerprint
credential-fingerprint-hint = SHA-256 in hexadecimal; only for certificates
credential-issue = Issue credential
credential-issued = Credential for { $device }
credential-revoke = Revoke
credential-revoke-text = Whatever still sends with { $label } is refused at once.
credential-revoked = Revoked.
secret-once = This is shown once. Copy it now; afterwards it can only be replaced.
instructions = For the field engineer
instructions-copy = Copy device info

peers = Addresses without a device
peers-hint = This collector received records from here that belong to no registered device. They are kept under the collector.
peers-none = Every address it receives from is registered.
peer-first = First seen
peer-last = Last seen
peer-register = Register
peer-register-title = Register { $address }
peer-registered = Registered. What comes from now on belongs to the device.
## How a device does

device-tab-health = Health
device-tab-fields = Fields and rules
device-tab-unrecognised = Not recognised
device-tab-connections = Connections
device-tab-credentials = Credentials
device-rate = Events over time
device-rate-now = { $rate } events/min now
device-total = { $events } events, { $bytes }
device-sources = What takes its records
device-parse-share = { $share } of its records are recognised by a parser.
device-only-format = No parser
device-nothing-yet = Nothing was received in this time.
device-lag = Receipt after record time
device-silence-alarm = When silence is an alarm
share = Share
lag-half = Half within
lag-most = 95 % within
lag-doubtful = Times not believed
clock-fine = Its clock and time zone look right.
clock-zone-early = Its times are read { $span } too early, steadily: the time zone is probably set wrong.
clock-zone-late = Its times are read { $span } too late, steadily: the time zone is probably set wrong.
clock-zone-set = Set is: { $zone }.
clock-zone-customer = the customer's
clock-ahead = Its clock is about { $span } ahead.
clock-behind = Its clock is about { $span } behind, or something holds its records back.
clock-late = Many records arrive late, one in twenty after more than { $span }: something collects them or is overloaded.

silence-alarm = Silence alarm
silence-alarm-hint = Learned: by how often it is heard in each hour of the week
silence-alarm-learned = By its learned rhythm
silence-alarm-fixed = After a fixed time
silence-alarm-off = Off
silence-mode-learned = An alarm is raised when a silence is improbable by its learned rhythm.
silence-mode-fixed = An alarm is raised after the silence limit.
silence-mode-off = No alarm is raised when it goes silent.
silence-learning = Its rhythm is being learned: { $share } of the first week has passed. Until then no alarm is raised.
silence-stands = Silent for { $span } though it should be heard.
silence-why = In comparable times it was heard in { $share } of all five-minute spans.
silence-open-alert = Open the alert
silence-alert = No event since { $at }: { $span } when the alarm was raised. It ends by itself with the next event.
silence-week = Its week: how often it is heard, by the hour
silence-card = Check whether the device is up and reaches us: its connections and refusals stand on its page. Ask the customer about planned work. If its silence is meant, set the device's silence alarm to a fixed time or off.
alert-device-silent = Device silent: { $name }

fields-seen = Fields of its records
fields-looked-at = { $count ->
    [one] In the newest record,
   *[other] In the newest { $count } records, the oldest from
}
fields-space = Name space
fields-core = Core
fields-own = Source
fields-coverage = Coverage
fields-example = Example
fields-all = All { $count } fields
fields-fewer = Fewer
fields-missing = Fields that rules ask for and that did not come in a week
fields-rules = Rules
fields-called = The source's name for it
fields-none-missing = Every field these rules ask for comes.
fields-lacking = Missing
rules-for-device = Live rules and this device
rules-no-log-source = Its records belong to no Sigma log source: no Sigma rule applies to them.
rules-applicable = { $count ->
    [0] No live rule applies to these log sources.
    [one] 1 live rule applies to these log sources.
   *[other] { $count } live rules apply to these log sources.
}
rules-unreached = Rules that therefore cannot fire on this device

unrecognised-title = Newest records that no parser recognised
unrecognised-all = All unparsed events
unrecognised-none = Every record of the last week was recognised.

connections-heard = How it sends, since the server started
connections-heard-none = It has sent nothing since the server started.
connections-refused = What was refused, since the server started
connections-refused-none = Nothing of it was refused.
connection-protocol = Protocol
connection-peer = From
connection-first = First
connection-last = Last
connection-count = Batches
refusal-reason = Why, and what to do
refusal-count = How often
refusal-nobody = Sender unknown
refusal-no_identity = No credential
refusal-wrong_token = Wrong token
refusal-unknown_sender = Unknown certificate or port
refusal-disk_low = Disk nearly full
refusal-stopped = Intake stopped
refusal-too_many_connections = Too many connections
refusal-malformed = Not what the protocol says
refusal-too_large = Too large
refusal-too_slow = Too slow
refusal-limited = Over its rate limit
refusal-full = Intake full
refusal-do-no_identity = Put the device's token into the message or header, or give it a port or certificate of its own.
refusal-do-wrong_token = The token was revoked or mistyped: copy it again or issue a new credential.
refusal-do-unknown_sender = Register the certificate's fingerprint with the device, or issue the port anew.
refusal-do-disk_low = Free space on the server's disk; intake goes on by itself.
refusal-do-stopped = The server's log says why; a restart is needed.
refusal-do-too_many_connections = Let the sender reuse its connections.
refusal-do-malformed = Check which protocol the sender speaks and which port it sends to.
refusal-do-too_large = Send smaller batches or records.
refusal-do-too_slow = The connection stalls: look at the network between.
refusal-do-limited = It sends more than it may: raise the limit or calm the device.
refusal-do-full = Too much at once; the sender tries again. If it lasts, look at the platform's alarms.
protocol-other = Other
protocol-syslog_udp = Syslog, UDP
protocol-syslog_tcp = Syslog, TCP
protocol-syslog_tls = Syslog, TLS
protocol-gelf_udp = GELF, UDP
protocol-gelf_tcp = GELF, TCP
protocol-forward = Fluent forward
protocol-lumberjack = Lumberjack
protocol-nats = NATS
protocol-http = HTTP, NDJSON
protocol-elastic = Elasticsearch bulk
protocol-hec = Splunk HEC
protocol-otlp_http = OTLP, HTTP
protocol-otlp_grpc = OTLP, gRPC
protocol-import = File import

onboarding-waiting = Waiting for the first event…
onboarding-waiting-hint = Issue a credential, configure the device with it, and let it send. This changes by itself when something arrives.
onboarding-refused = Something arrives, but it is refused
onboarding-receiving = { $count ->
    [one] Receiving: 1 line
   *[other] Receiving: { $shown } lines
}
onboarding-recognised = Recognised as { $names }.
onboarding-recognising = What takes its records is known in a few seconds.

// The names the console uses for the shapes of the HTTP API.

export type Severity = "informational" | "low" | "medium" | "high" | "critical";
export type AttackOutcome = "unknown" | "attempted" | "blocked" | "succeeded" | "compromised";
export type AlertOrigin = "rule" | "correlation" | "device";
export type AlertState = "new" | "open" | "raised" | "ignored";
export type IncidentState = "new" | "in_progress" | "resolved" | "suspended" | "rejected";
export type Verdict = "true_positive" | "benign_positive";
export type RejectReason = "false_positive" | "not_of_interest" | "platform_fault" | "duplicate";
export type Language = "en" | "zh";
export type Permission = string;
export type Role = string;

export interface Page<T> { items: T[]; next?: string | null }

export interface Entity { kind: string; value: string; asset?: string | null; resource_group?: string | null }
export interface MatchedField { field: string; value: string }
export interface Sample { event: string; time: string; source: string; raw: string; matched: MatchedField[] }

export interface Alert {
  id: string; customer: string; device: string; origin: AlertOrigin; rule_id: string; title: string;
  severity: Severity; outcome: AttackOutcome; techniques: string[]; key: string; count: number;
  first: string; last: string; entities: Entity[]; samples: Sample[]; state: AlertState;
  policy?: string | null; incident?: string | null; created: string; version: number;
}

export interface Incident {
  id: string; number: number; customer: string; title: string; severity: Severity; state: IncidentState;
  verdict?: Verdict | null; reject_reason?: RejectReason | null; suspended_until?: string | null;
  assignee?: string | null; key: string; entities: Entity[]; alert_count: number; first: string; last: string;
  created: string; updated: string; version: number;
}

export type Transition =
  | { kind: "start" }
  | { kind: "suspend"; reason: string; until: string }
  | { kind: "resume" }
  | { kind: "resolve"; verdict: Verdict; summary: string }
  | { kind: "reject"; reason: RejectReason; summary: string }
  | { kind: "reopen"; reason: string };

export type IncidentChange =
  | { type: "raised"; alert?: string | null }
  | { type: "alert_linked"; alert: string; title: string }
  | { type: "assigned"; to?: string | null }
  | { type: "transitioned"; transition: Transition; from: IncidentState; to: IncidentState }
  | { type: "severity_changed"; from: Severity; to: Severity }
  | { type: "commented"; text: string };

export interface IncidentEntryView {
  id: string; time: string; user?: string | null; what: IncidentChange; user_name?: string | null;
}

export interface Card {
  title: string; facts: string; trigger: string; false_positive: string; consequences: string; recommendations: string;
}
export type Cards = Partial<Record<string, Card>>;

export interface IncidentView {
  incident: Incident; customer: Customer; alerts: Alert[]; cards: Record<string, Cards>;
  assignee_name?: string | null; related: Incident[];
}

export interface Assignee { id: string; name: string; roles: Role[] }

export interface CustomerData {
  name: string; short_name: string; color: number; services: string[]; state: string; time_zone: string;
  remark?: string; service_manager?: string | null;
}
export type Customer = CustomerData & { id: string; created: string; version: number };

export interface DeviceData {
  name: string; kind: string; source?: string | null; address?: string | null; software_version?: string;
  time_zone?: string | null; silence_minutes: number;
}
export type DeviceView = DeviceData & {
  id: string; customer: string; last_event?: string | null; event_count: number; unparsed_count: number;
  created: string; version: number; state: string;
};
export interface DeviceCredential {
  id: string; customer: string; device: string; kind: string; label: string; created: string;
}
export interface IssuedCredential { credential: DeviceCredential; secret?: string | null; instructions: string }

export interface AssetData {
  name: string; addresses?: string[]; host_names?: string[]; owner?: string; business?: string;
  importance: string; in_service: boolean;
}
export type Asset = AssetData & { id: string; customer: string; created: string; version: number };

export interface ResourceGroupData { name: string; kind: string; ranges: string[]; note?: string }
export type ResourceGroup = ResourceGroupData & { id: string; customer: string; created: string; version: number };

export interface PolicyCondition {
  rule_ids?: string[]; title_contains?: string | null; severity_at_least?: Severity | null;
  severity_at_most?: Severity | null; origin?: AlertOrigin | null; source_ranges?: string[];
  destination_ranges?: string[]; devices?: string[]; count_at_least?: number | null;
}
export type PolicyAction = { kind: "ignore" } | { kind: "raise_incident"; severity?: Severity | null };
export interface AuditPolicyData {
  name: string; position: number; enabled: boolean; condition?: PolicyCondition; action: PolicyAction;
  expires?: string | null;
}
export type AuditPolicy = AuditPolicyData & {
  id: string; customer?: string | null; hits: number; created: string; version: number;
};

export interface LogSource { category?: string | null; product?: string | null; service?: string | null }
export interface RuleView {
  id: string; title: string; level: string; status?: string | null; description?: string | null;
  author?: string | null; references?: string[]; tags?: string[]; techniques?: string[];
  falsepositives?: string[]; log_source?: LogSource | string | null; path?: string | null; cards?: Cards;
  text?: string | null;
}
export interface InactiveRule { id?: string | null; title: string; path: string; reason: string }

export interface UserData {
  login: string; name: string; roles: Role[]; all_customers: boolean; customers?: string[]; active: boolean;
  language: Language;
}
export type User = UserData & { id: string; created: string; last_sign_in?: string | null; version: number };
export interface Me { user: User; permissions: Permission[]; csrf_token?: string | null; expires?: string | null }
export interface Session {
  id: string; user: string; created: string; expires: string; user_agent: string; address: string;
}
export interface ApiToken { id: string; user: string; name: string; created: string; expires?: string | null }
export interface RolePermissions { role: Role; permissions: Permission[] }

export interface StoredEvent {
  id: string; customer: string; device: string; received: string; time: string; time_original?: string | null;
  source: string; core: Record<string, unknown>; fields: Record<string, unknown>; raw: string;
}
export type FilterOp = "is" | "is_not" | "contains" | "starts_with" | "exists" | "missing" | "in_range";
export interface FieldFilter { field: string; op: FilterOp; value?: string }
export interface EventSearch {
  from: string; to: string; customers?: string[]; devices?: string[]; sources?: string[]; filters?: FieldFilter[];
  text?: string; limit?: number; after?: string | null;
}
export interface Bucket { start: string; count: number }
export interface ValueCount { value: string; count: number }

export interface AuditRow {
  sequence: number; time: string; actor: string; customer?: string | null; action: string; object: string;
  detail: unknown; reason?: string | null; hash?: string | null;
}
export interface Change { sequence: number; customer?: string | null; noun: string; id: string; time: string }
export interface Overview {
  funnel: { events: number; detections: number; alerts: number; incidents: number };
  open_incidents_by_severity: Record<string, number>;
  incidents_by_state: Record<string, number>;
  alerts_by_state: Record<string, number>;
  devices: { online: number; offline: number; never_connected: number };
}
export interface About { name: string; version: string; demo: boolean }

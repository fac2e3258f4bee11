// The names the console uses for the shapes of the HTTP API, all from the generated schema.
import type { components } from "./schema.ts";

type Schemas = components["schemas"];

export interface Page<T> { items: T[]; next?: string | null }

export type Severity = Schemas["Severity"];
export type AttackOutcome = Schemas["AttackOutcome"];
export type AlertOrigin = Schemas["AlertOrigin"];
export type Language = Schemas["Language"];
export type Alert = Schemas["Alert"];
export type Sample = Schemas["Sample"];
export type Entity = Schemas["Entity"];
export type MatchedField = Schemas["MatchedField"];

export type CustomerFunnel = Schemas["CustomerFunnel"];
export type FunnelCounts = Schemas["FunnelCounts"];

export type Incident = Schemas["Incident"];
export type IncidentState = Schemas["IncidentState"];
export type IncidentEntryView = Schemas["IncidentEntryView"];
export type Transition = Schemas["Transition"];
export type Verdict = Schemas["Verdict"];
export type RejectReason = Schemas["RejectReason"];
export type Assignee = Schemas["Assignee"];

/** An instruction card in one language; the document has it as a plain object, because its keys are languages. */
export interface Card {
  title: string; facts: string; trigger: string; false_positive: string; consequences: string; recommendations: string;
}
export type Cards = Partial<Record<Language, Card>>;
export type IncidentView = Omit<Schemas["IncidentView"], "cards"> & { cards: Record<string, Cards> };

export type UseCaseData = Omit<Schemas["UseCaseData"], "cards"> & { cards?: Cards };
export type RuleView = Omit<Schemas["RuleView"], "cards" | "customers" | "decided"> & { cards: Cards; customers: Record<string, Release>; decided: UseCaseData };
export type Release = Schemas["Release"];
export type UseCaseState = Schemas["UseCaseState"];
export type UseCaseVersion = Omit<Schemas["UseCaseVersion"], "data"> & { data?: UseCaseData | null };
export type RuleProblem = Omit<Schemas["RuleProblem"], "parameters"> & { parameters: Record<string, string> };
export type TrialRecord = Schemas["TrialRecord"];
export type ChangeSet = Schemas["ChangeSet"];
export type RuleChange = Schemas["RuleChange"];
export type RuleCollection = Schemas["RuleCollection"];
export type Coverage = Omit<Schemas["Coverage"], "techniques"> & { techniques: CoverageTechnique[] };
export type CoverageTechnique = Omit<Schemas["CoverageTechnique"], "parts" | "rules"> & { parts: Record<string, Readiness>; rules: CoverageRule[] };
export type CoverageRule = Omit<Schemas["CoverageRule"], "titles"> & { titles: Partial<Record<Language, string>> };
export type Readiness = Schemas["Readiness"];
export type Scorecard = Omit<Schemas["Scorecard"], "items"> & { items: Score[] };
export type Score = Omit<Schemas["Score"], "titles"> & { titles: Partial<Record<Language, string>> };
export type BaselineProgress = Schemas["BaselineProgress"];
export type BaselineOfCustomer = Schemas["BaselineOfCustomer"];
export type GroupProfile = Schemas["GroupProfile"];
export type Exception = Schemas["Exception"];
export type ExceptionData = Schemas["ExceptionData"];
export type ExceptionTerm = Schemas["ExceptionTerm"];
export type ExceptionPreview = Schemas["ExceptionPreview"];
export type PreviewedAlert = Schemas["PreviewedAlert"];
export type UseCaseRequest = Schemas["Request"];
export type UseCaseRequestData = Schemas["RequestData"];

/** Why a rule fires on a record or does not, term by term. */
export interface Explanation {
  rule: string; title: string; fires: boolean; suspended: boolean;
  detection: ExplainedSection;
  filters: { title: string; path: string; section: ExplainedSection }[];
  reason: ExplainedReason | null;
}
export interface ExplainedReason {
  kind: string; filter: string | null; detection: string | null; field: string | null; modifiers: string[];
  wanted: string[]; more: number; found: string[]; alternatives: number;
}
export interface ExplainedSection { holds: boolean; conditions: { text: string }[]; detections: { name: string; term: ExplainedTerm }[] }
export type ExplainedTerm =
  | { kind: "all" | "any"; holds: boolean; parts: ExplainedTerm[] }
  | {
    kind: "item"; holds: boolean; field: string | null; modifiers: string[]; all: boolean; negated: boolean; wanted: ExplainedValue[];
    found: { state: "absent" | "null" | "values"; values?: string[]; more?: number } | null;
  };
export interface ExplainedValue { value: unknown; holds: boolean; matched: MatchedField[] }
export interface TriedRecord { source: string; log_sources: string[]; fields: Record<string, unknown>; explanations: Explanation[] }
export interface RuleTrialResult { mistakes: string[]; records: TriedRecord[] }
export type InactiveRule = Schemas["InactiveRule"];
export type Backtest = Schemas["Backtest"];
export type BacktestResult = Schemas["BacktestResult"];

export type Customer = Schemas["Customer"];
export type CustomerData = Schemas["CustomerData"];
export type DeviceView = Schemas["DeviceView"];
export type DeviceData = Schemas["DeviceData"];
export type DeviceCredential = Schemas["DeviceCredential"];
export type IssuedCredential = Schemas["IssuedCredential"];
export type CollectorPeer = Schemas["CollectorPeer"];
export type CredentialKind = Schemas["CredentialKind"];
export type DeviceHealth = Schemas["DeviceHealth"];
export type DeviceFields = Schemas["DeviceFields"];
export type DeviceConnections = Schemas["DeviceConnections"];
export type LagSummary = Schemas["LagSummary"];
export type Refusal = Schemas["Refusal"];
export type ParserSummary = Schemas["ParserSummary"];
export type ParserView = Schemas["ParserView"];
export type ParserDraft = Schemas["ParserDraft"];
export type ParserFile = Schemas["ParserFile"];
export type ParserOutcome = Schemas["ParserOutcome"];
export type TrialResult = Schemas["TrialResult"];
export type TrialLine = Schemas["TrialLine"];
export type TrialMistake = Schemas["TrialMistake"];
export type PlatformAlarm = Schemas["PlatformAlarm"];
export type Asset = Schemas["Asset"];
export type AssetData = Schemas["AssetData"];
export type ResourceGroup = Schemas["ResourceGroup"];
export type ResourceGroupData = Schemas["ResourceGroupData"];

export type AuditPolicy = Schemas["AuditPolicy"];
export type AuditPolicyData = Schemas["AuditPolicyData"];
export type PolicyCondition = Partial<Schemas["PolicyCondition"]>;
export type AuditRow = Schemas["AuditRow"];

export type User = Schemas["User"];
export type UserData = Schemas["UserData"];
export type Permission = Schemas["Permission"];
export type Me = Schemas["Me"];
export type Session = Schemas["Session"];
export type ApiToken = Schemas["ApiToken"];

export type StoredEvent = Schemas["StoredEvent"];
export type EventSearch = Schemas["EventSearch"];
export type Cost = Schemas["Cost"];
export type SavedSearch = Schemas["SavedSearch"];
export type SavedSearchData = Schemas["SavedSearchData"];
export type Export = Schemas["Export"];
export type ExportData = Schemas["ExportData"];
export type CustomerStorage = Schemas["CustomerStorage"];
export type DeletionCertificate = Schemas["DeletionCertificate"];
export type SqlAnswer = Schemas["SqlAnswer"];
export type Bucket = Schemas["Bucket"];

export type IntelList = Schemas["IntelList"];
export type IntelListData = Schemas["IntelListData"];
export type UnreadLine = Schemas["UnreadLine"];
export type SuppressedIndicator = Schemas["SuppressedIndicator"];
export type Feed = Schemas["Feed"];
export type FeedData = Schemas["FeedData"];
export type RetroHunt = Schemas["RetroHunt"];
export type Hit = Schemas["Hit"];

export type Attachment = Schemas["AttachmentView"];
export type AttachmentAdded = Schemas["AttachmentAdded"];
export type FileMatch = Schemas["FileMatch"];
export type YaraSet = Schemas["YaraSet"];
export type YaraSetView = Schemas["YaraSetView"];
export type YaraSetRequest = Schemas["YaraSetRequest"];
export type YaraCheck = Schemas["YaraCheck"];
export type YaraRule = Schemas["YaraRule"];
export type YaraProblem = Schemas["YaraProblem"];
export type BuiltInYara = Schemas["BuiltInYara"];

export type Change = Schemas["Change"];
export type About = Schemas["About"];

export type HuntVerdict = Schemas["HuntVerdict"];
export type HuntQuestion = { kind: "search"; q: string } | { kind: "list"; list: string } | { kind: "use_case"; text: string };
export type HuntQuery = Omit<Schemas["HuntQuery"], "ask"> & { ask: HuntQuestion };
export type HuntData = Omit<Schemas["HuntData"], "queries"> & { queries?: HuntQuery[] };
export type Hunt = Omit<Schemas["Hunt"], "queries"> & { queries?: HuntQuery[] };
export type HuntCustomer = Schemas["HuntCustomer"];
export type HuntSample = Omit<Schemas["HuntSample"], "fields"> & { fields: [string, string][] };
export type HuntResult = Omit<Schemas["HuntResult"], "asked" | "samples"> & { asked: HuntQuestion; samples?: HuntSample[] };
export type HuntRun = Schemas["HuntRun"];
export type HuntTime = Schemas["HuntTime"];
export type HuntDetection = Schemas["HuntDetection"];
export type HuntSummary = Schemas["HuntSummary"];
export type Rhythm = { every: "week"; weekday: number } | { every: "month"; day: number };
export type HuntProgrammeData = Omit<Schemas["HuntProgrammeData"], "rhythm" | "template"> & { rhythm: Rhythm; template: HuntData };
export type HuntProgramme = Omit<Schemas["HuntProgramme"], "rhythm" | "template"> & { rhythm: Rhythm; template: HuntData };
export interface HuntTemplate { slug: string; data: Record<Language, HuntData> }

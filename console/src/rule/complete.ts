// What may stand at a place in a Sigma rule.
import type { Complete } from "../ui/code.tsx";

const TOP = ["title", "id", "status", "description", "references", "author", "date", "modified", "tags", "logsource", "detection", "correlation", "baseline", "fields", "falsepositives", "level"];
const MODIFIERS = [
  "contains", "startswith", "endswith", "all", "cased", "re", "i", "m", "s", "base64", "base64offset", "utf16le", "utf16be", "wide", "windash", "cidr", "exists", "fieldref", "lt", "lte", "gt",
  "gte", "neq", "minute", "hour", "day", "week", "month", "year", "expand",
];
const VALUES: Record<string, string[]> = {
  status: ["stable", "test", "experimental", "deprecated", "unsupported"],
  level: ["informational", "low", "medium", "high", "critical"],
  type: ["event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile", "first_seen", "rare", "off_hours", "volume", "beacon"],
  "also-new-to": ["customer"],
  product: ["windows", "linux", "macos", "aws", "azure", "gcp", "m365", "okta", "kubernetes", "firewall", "nginx", "apache"],
  category: [
    "process_creation", "network_connection", "file_event", "registry_set", "registry_event", "image_load", "dns_query", "create_remote_thread", "process_access", "ps_script", "webserver", "firewall",
    "proxy", "antivirus", "authentication",
  ],
  service: ["security", "system", "powershell", "sysmon", "sshd", "auditd", "cloudtrail", "signinlogs", "auditlogs", "audit"],
};
const UNDER: Record<string, string[]> = {
  logsource: ["product", "category", "service"],
  correlation: ["type", "rules", "group-by", "timespan", "condition", "generate", "aliases"],
  baseline: [
    "type", "rules", "group-by", "field", "learning", "observations", "forget", "generate", "also-new-to", "values", "groups", "population", "share", "tolerance", "timespan", "at-least", "factor", "deviations",
    "count", "span", "interval", "jitter",
  ],
};
const FIELDS = [
  "Image", "CommandLine", "ParentImage", "ParentCommandLine", "OriginalFileName", "User", "TargetFilename", "TargetObject", "Details", "QueryName", "DestinationIp", "DestinationPort", "EventID", "LogonType",
  "TargetUserName", "SubjectUserName", "IpAddress", "source_ip", "destination_ip", "destination_port", "user_name", "host_name", "event_action", "url_original",
];

/** Completes keys by where they stand, modifiers after `|`, and values of keys that have a known set. */
export const complete: Complete = (before, above) => {
  const options = (labels: string[], apply = "") => labels.map((label) => ({ label, apply: label + apply }));
  const modifier = /\|(\w*)$/.exec(before);
  if (modifier && !before.includes(": ")) return { from: before.length - (modifier[1]?.length ?? 0), options: options(MODIFIERS) };
  const value = /^\s*-?\s*([\w-]+):\s+(\S*)$/.exec(before);
  if (value) {
    const known = value[1] === "condition" ? ["not ", "and ", "or ", "1 of ", "all of ", "them", ...detections(above)] : VALUES[value[1] ?? ""];
    return known ? { from: before.length - (value[2]?.length ?? 0), options: options(known) } : null;
  }
  const condition = /^\s+condition:.*?(\S*)$/.exec(before);
  if (condition) return { from: before.length - (condition[1]?.length ?? 0), options: options(["not ", "and ", "or ", "1 of ", "all of ", "them", ...detections(above)]) };
  const key = /^(\s*)(?:-\s+)?([\w.-]*)$/.exec(before);
  if (!key) return null;
  const from = before.length - (key[2]?.length ?? 0);
  const indent = key[1]?.length ?? 0;
  if (indent === 0) return { from, options: options(TOP, ": ") };
  const parent = [...above].reverse().find((line) => /^\w[\w-]*:/.test(line))?.split(":")[0] ?? "";
  if (UNDER[parent]) return { from, options: options(UNDER[parent], ": ") };
  return parent === "detection" ? { from, options: options(indent > 4 ? FIELDS : ["selection", "filter_main_", "filter_optional_", "condition"], indent > 4 ? "" : ":") } : null;
};

/** The names of the detections written so far. */
function detections(above: string[]): string[] {
  const start = above.findIndex((line) => line.startsWith("detection:"));
  const indent = above.slice(start + 1).map((line) => /^(\s+)\S/.exec(line)?.[1]?.length ?? 0).find(Boolean) ?? 4;
  return start < 0 ? [] : above.slice(start + 1).flatMap((line) => new RegExp(`^\\s{${indent}}([\\w-]+):`).exec(line)?.[1] ?? []).filter((name) => name !== "condition");
}

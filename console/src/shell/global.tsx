// What can be done on every page: going places, the palette, the help sheet.
import { useState } from "preact/hooks";

import type { Permission } from "../api/types.ts";
import { language } from "../i18n/text.ts";
import { available, goTo, useCommands } from "./commands.ts";
import { Help } from "./help.tsx";
import { Palette } from "./palette.tsx";
import { useShell } from "./session.ts";
import { setTheme, shownTheme } from "./theme.ts";

/** Runs a registered command by its id, for buttons that stand for one. */
export function runCommand(id: string): void {
  available().find((command) => command.id === id)?.run();
}

export function GlobalCommands() {
  const { me, signOut, setLanguage } = useShell();
  const [open, setOpen] = useState<"palette" | "help" | null>(null);
  const may = (permission: Permission) => () => me.permissions.includes(permission);
  useCommands([
    { id: "palette", label: "palette-title", keys: ["Mod+k"], group: "commands-general", run: () => setOpen("palette"), quiet: true },
    { id: "help", label: "help-title", keys: ["?"], group: "commands-general", run: () => setOpen("help") },
    goTo("go-workbench", "nav-workbench", "/", ["g w"], may("incident.read")),
    goTo("go-incidents", "nav-incidents", "/incidents", ["g i"], may("incident.read")),
    goTo("go-funnel", "nav-funnel", "/funnel", ["g n"], may("alert.read")),
    goTo("go-alerts", "nav-alerts", "/alerts", ["g a"], may("alert.read")),
    goTo("go-ignored", "alerts-ignored", "/alerts?state=ignored", ["g x"], may("alert.read")),
    goTo("go-events", "nav-events", "/events", ["g e"], may("event.read")),
    goTo("go-sql", "nav-sql", "/sql", ["g q"], may("event.read")),
    goTo("go-exports", "nav-exports", "/exports", ["g o"], may("event.read")),
    goTo("go-customers", "nav-customers", "/customers", ["g c"], may("customer.read")),
    goTo("go-storage", "nav-storage", "/storage", ["g k"], may("customer.read")),
    goTo("go-devices", "nav-devices", "/devices", ["g d"], may("device.read")),
    goTo("go-parsers", "nav-parsers", "/parsers", ["g s"], may("policy.read")),
    goTo("go-platform", "nav-platform", "/platform", ["g h"], may("system.admin")),
    goTo("go-policies", "nav-policies", "/policies", ["g p"], may("policy.read")),
    goTo("go-rules", "nav-rules", "/rules", ["g r"], may("policy.read")),
    goTo("go-intel", "nav-intel", "/intel", ["g f"], may("intel.read")),
    goTo("go-hunts", "nav-hunts", "/hunts", ["g h"], may("hunt.read")),
    goTo("go-users", "nav-users", "/users", ["g u"], may("user.read")),
    goTo("go-audit", "nav-audit", "/audit", ["g l"], may("audit.read")),
    goTo("go-account", "nav-account", "/account", ["g m"]),
    {
      id: "theme", label: "theme-toggle", keys: ["g t"], group: "commands-general",
      run: () => setTheme(shownTheme() === "dark" ? "light" : "dark"),
    },
    {
      id: "language", label: "language-other", group: "commands-general",
      run: () => setLanguage(language() === "zh" ? "en" : "zh"),
    },
    { id: "sign-out", label: "sign-out", group: "commands-general", run: signOut },
  ]);
  if (open === "palette") return <Palette close={() => setOpen(null)} />;
  if (open === "help") return <Help close={() => setOpen(null)} />;
  return null;
}

// Which page an address shows, and who may see it.
import type { JSX } from "preact";

import { AccountPage } from "../account/page.tsx";
import { AlertPage, AlertsPage } from "../alert/page.tsx";
import { AuditPage } from "../audit/page.tsx";
import { CustomerPage } from "../customer/one.tsx";
import { CustomersPage } from "../customer/page.tsx";
import { DevicePage } from "../device/one.tsx";
import { DevicesPage } from "../device/page.tsx";
import { EventPage } from "../event/one.tsx";
import { EventsPage } from "../event/page.tsx";
import { SqlPage } from "../event/sql.tsx";
import { ExportsPage } from "../export/page.tsx";
import type { Permission } from "../api/types.ts";
import { FunnelPage } from "../funnel/page.tsx";
import { t } from "../i18n/text.ts";
import { ThreatHuntPage } from "../hunt/one.tsx";
import { HuntsPage } from "../hunt/page.tsx";
import { IncidentsPage } from "../incident/page.tsx";
import { IncidentPage } from "../incident/view.tsx";
import { FeedPage } from "../intel/feed.tsx";
import { RetroHuntPage } from "../intel/retro_hunt.tsx";
import { IntelListPage } from "../intel/one.tsx";
import { IntelPage } from "../intel/page.tsx";
import { ParserPage } from "../parser/one.tsx";
import { ParsersPage } from "../parser/page.tsx";
import { PlatformPage } from "../platform/page.tsx";
import { PoliciesPage } from "../policy/page.tsx";
import { BacktestPage } from "../rule/backtest.tsx";
import { RulePage } from "../rule/one.tsx";
import { RulesPage } from "../rule/page.tsx";
import { Empty, Forbidden } from "../ui/states.tsx";
import { UsersPage } from "../user/page.tsx";
import { WorkbenchPage } from "../workbench/page.tsx";
import { StoragePage } from "../storage/page.tsx";
import { YaraPage } from "../yara/one.tsx";
import { rest, usePlace } from "./router.ts";
import { useShell } from "./session.ts";

interface Route { path: string; permission: Permission | null; page: () => JSX.Element; one?: (id: string) => JSX.Element }

const ROUTES: Route[] = [
  { path: "/incidents", permission: "incident.read", page: () => <IncidentsPage />, one: (id) => <IncidentPage key={id} id={id} /> },
  { path: "/funnel", permission: "alert.read", page: () => <FunnelPage /> },
  { path: "/alerts", permission: "alert.read", page: () => <AlertsPage />, one: (id) => <AlertPage key={id} id={id} /> },
  { path: "/events", permission: "event.read", page: () => <EventsPage />, one: (id) => <EventPage key={id} id={id} /> },
  { path: "/sql", permission: "event.read", page: () => <SqlPage /> },
  { path: "/exports", permission: "event.read", page: () => <ExportsPage /> },
  { path: "/customers", permission: "customer.read", page: () => <CustomersPage />, one: (id) => <CustomerPage key={id} id={id} /> },
  { path: "/storage", permission: "customer.read", page: () => <StoragePage /> },
  { path: "/devices", permission: "device.read", page: () => <DevicesPage />, one: (id) => <DevicePage key={id} id={id} /> },
  { path: "/parsers", permission: "policy.read", page: () => <ParsersPage />, one: (name) => <ParserPage key={name} name={name} /> },
  { path: "/platform", permission: "system.admin", page: () => <PlatformPage /> },
  { path: "/policies", permission: "policy.read", page: () => <PoliciesPage /> },
  { path: "/rules", permission: "policy.read", page: () => <RulesPage />, one: (id) => id === "try" ? <BacktestPage /> : <RulePage key={id} id={id} /> },
  { path: "/yara", permission: "policy.read", page: () => <RulesPage />, one: (id) => <YaraPage key={id} id={id} /> },
  { path: "/intel", permission: "intel.read", page: () => <IntelPage />, one: (id) => <IntelListPage key={id} id={id} /> },
  { path: "/feeds", permission: "intel.read", page: () => <IntelPage />, one: (id) => <FeedPage key={id} id={id} /> },
  { path: "/hunts", permission: "hunt.read", page: () => <HuntsPage />, one: (id) => <ThreatHuntPage key={id} id={id} /> },
  { path: "/retro-hunts", permission: "intel.read", page: () => <IntelPage />, one: (id) => <RetroHuntPage key={id} id={id} /> },
  { path: "/users", permission: "user.read", page: () => <UsersPage /> },
  { path: "/audit", permission: "audit.read", page: () => <AuditPage /> },
  { path: "/account", permission: null, page: () => <AccountPage /> },
  { path: "/", permission: "incident.read", page: () => <WorkbenchPage /> },
];

export function Pages() {
  const { me } = useShell();
  const { path } = usePlace();
  for (const route of ROUTES) {
    const id = route.one && rest(path, `${route.path}/`);
    if (path !== route.path && !id) continue;
    if (route.permission && !me.permissions.includes(route.permission)) return <Elsewhere><Forbidden /></Elsewhere>;
    return id && route.one ? route.one(id) : route.page();
  }
  return <Elsewhere><Empty title={t("page-not-found")} hint={t("page-not-found-hint")}><a class="button" href="/">{t("nav-workbench")}</a></Empty></Elsewhere>;
}

function Elsewhere({ children }: { children: JSX.Element }) {
  return <main id="main" tabIndex={-1} class="page">{children}</main>;
}

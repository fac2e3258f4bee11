// The page of all devices.
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { useParameter } from "../shell/router.ts";
import { Choice, CustomerChoice, TextFilter, focusSearch } from "../ui/filter.tsx";
import { Page } from "../ui/page.tsx";
import { DEVICE_KINDS } from "./form.tsx";
import { DeviceTable } from "./table.tsx";

const STATES = ["online", "offline", "never_connected"];

export function DevicesPage() {
  const [customer, setCustomer] = useParameter("customer");
  const [kind, setKind] = useParameter("kind");
  const [state, setState] = useParameter("state");
  const [text, setText] = useParameter("text");
  useCommands([{ id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch }]);
  return (
    <Page title={t("nav-devices")} fill>
      <div class="filters">
        <CustomerChoice value={customer} set={setCustomer} />
        <Choice label={t("device-kind")} value={kind} set={setKind} options={[{ value: "", label: t("all") }, ...DEVICE_KINDS.map((value) => ({ value, label: word("device-kind", value) }))]} />
        <Choice label={t("device-state")} value={state} set={setState} options={[{ value: "", label: t("all") }, ...STATES.map((value) => ({ value, label: word("device-state", value) }))]} />
        <TextFilter value={text} set={setText} label={t("filter-text")} />
      </div>
      <DeviceTable customer={customer} kind={kind} state={state} text={text} />
    </Page>
  );
}

// The search language in ten examples.
import { t } from "../i18n/text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { tokens } from "./language.ts";

const EXAMPLES: [string, string][] = [
  ["failed", "word"],
  ['"failed password"', "phrase"],
  ["*kerb*", "anywhere"],
  ["user_name:li*", "field"],
  ['user_name:"Li Lei"', "quoted"],
  ["source_ip:10.0.0.0/8", "network"],
  ["destination_port:[1 TO 1024]", "range"],
  ["event_action:(allow OR deny)", "list"],
  ["user_name:* NOT event_outcome:success", "exists"],
  ["(source_ip:203.0.113.9 OR destination_ip:203.0.113.9) AND @source:fortinet_fortigate", "group"],
];

export function LanguageHelp({ close, use }: { close: () => void; use: (example: string) => void }) {
  return (
    <Dialog title={t("query-help")} close={close} kind="wide">
      <table class="plain examples">
        <thead class="visually-hidden"><tr><th scope="col">{t("query")}</th><th scope="col">{t("query-help-meaning")}</th></tr></thead>
        <tbody>
          {EXAMPLES.map(([example, name]) => (
            <tr key={name}>
              <th scope="row"><button class="link mono" onClick={() => use(example)}><Coloured text={example} /></button></th>
              <td>{t(`query-example-${name}`)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="muted">{t("query-help-more")}</p>
    </Dialog>
  );
}

export function Coloured({ text }: { text: string }) {
  return <>{tokens(text).map((token) => <span key={token.from} class={`q-${token.kind}`}>{text.slice(token.from, token.to)}</span>)}</>;
}

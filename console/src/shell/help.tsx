// The help sheet: the shortcuts that work where one is now.
import { useMemo } from "preact/hooks";

import { t } from "../i18n/text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { available, readable } from "./commands.ts";

export function Help({ close }: { close: () => void }) {
  const groups = useMemo(() => {
    const found = new Map<string, ReturnType<typeof available>>();
    for (const command of available().filter((one) => one.keys?.length)) {
      found.set(command.group, [...(found.get(command.group) ?? []), command]);
    }
    return [...found].reverse();
  }, []);
  return (
    <Dialog title={t("help-title")} close={close} kind="wide">
      <div class="help">
        {groups.map(([group, commands]) => (
          <section key={group}>
            <h3>{t(group)}</h3>
            <dl>
              {commands.map((command) => (
                <div key={command.id}>
                  <dt>{command.keys?.map((keys, place) => (
                    <span key={keys}>{place > 0 && " / "}{readable(keys).map((part) => <kbd key={part}>{part}</kbd>)}</span>
                  ))}</dt>
                  <dd>{t(command.label)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

// The window's title and where focus lands when a page opens.
import { useEffect } from "preact/hooks";

import { t } from "../i18n/text.ts";

/** Names the window after the page. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} - ${t("brand")}` : t("brand");
  }, [title]);
}

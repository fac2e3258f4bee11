// Asks for the events of a search as a file.
import type { EventSearch, ExportData } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { navigate } from "../shell/router.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { toastDone } from "../ui/toast.tsx";
import { createExport } from "./api.ts";

const SHOWN_FIRST = ["time", "customer", "device", "source"];

export function ExportDialog({ body, columns, close }: { body: EventSearch; columns: string[]; close: () => void }) {
  const submit = async (values: Record<string, unknown>) => {
    const { limit: _, after: __, ...search } = body;
    await createExport({
      ...search, format: values.format as ExportData["format"], most: Number(values.most),
      columns: values.columns === "shown" ? [...SHOWN_FIRST, ...columns, "raw"] : [],
    });
    close();
    toastDone(t("export-asked"));
    navigate("/exports");
  };
  return (
    <Dialog title={t("export-make")} close={close}>
      <Form
        fields={[
          {
            kind: "choice", name: "format", label: t("export-format"), wide: true,
            options: [{ value: "csv", label: "CSV" }, { value: "ndjson", label: "NDJSON" }, { value: "parquet", label: "Parquet" }],
          },
          {
            kind: "choice", name: "columns", label: t("columns"), hint: t("export-columns-hint"), wide: true,
            options: [{ value: "shown", label: t("export-columns-shown") }, { value: "common", label: t("export-columns-common") }],
          },
          { kind: "number", name: "most", label: t("export-most"), hint: t("export-most-hint"), least: 1, most: 5_000_000, required: true },
        ]}
        start={{ format: "csv", columns: "shown", most: 100_000 }} action={t("export-start")} submit={submit} cancel={close}
      />
    </Dialog>
  );
}

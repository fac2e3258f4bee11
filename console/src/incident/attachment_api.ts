// Routes of files of incidents. A file is sent by the browser's older way, the only one that tells how far it is.
import { csrf, get, post } from "../api/client.ts";
import { Problem, problemOf } from "../api/problem.ts";
import type { Attachment, AttachmentAdded, Page } from "../api/types.ts";

export const FILE_BYTES = 64 * 1024 * 1024;

/** The files of an incident, the oldest first. */
export async function readAttachments(incident: string, signal?: AbortSignal): Promise<Attachment[]> {
  const found: Attachment[] = [];
  let after: string | undefined;
  do {
    const page: Page<Attachment> = await get("/incidents/{id}/attachments", { path: { id: incident }, query: { limit: 200, after }, signal });
    found.push(...page.items);
    after = page.next ?? undefined;
  } while (after);
  return found;
}

export const removeAttachment = (of: Attachment, reason: string) =>
  post("/incidents/{id}/attachments/{attachment}/remove", { path: { id: of.incident, attachment: of.id }, body: { reason } });

/** Where a file is fetched: in an archive under the usual password, or as it is. */
export const contentUrl = (of: Attachment, form: "zip" | "plain") => `/api/v1/incidents/${of.incident}/attachments/${of.id}/content?form=${form}`;

/** Sends a file; `progress` hears what share of it is there. */
export function sendAttachment(incident: string, file: File, progress: (share: number) => void, signal: AbortSignal): Promise<AttachmentAdded> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/incidents/${incident}/attachments?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("accept", "application/json");
    request.setRequestHeader("content-type", "application/octet-stream");
    const token = csrf();
    if (token) request.setRequestHeader("x-csrf-token", token);
    request.upload.onprogress = (event) => { if (event.lengthComputable) progress(event.loaded / event.total); };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as AttachmentAdded);
      else reject(problemOf(request.status, request.responseText));
    };
    request.onerror = () => reject(new Problem("unreachable", 0, ""));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

// What the server says when it refuses: RFC 9457 problem JSON, or the network's own failure.

export interface FieldProblem { field: string; message: string }

export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly fields: FieldProblem[];

  constructor(code: string, status: number, detail: string, fields: FieldProblem[] = []) {
    super(detail);
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}

/** Any thrown thing as a problem; an aborted request stays recognisable by its code. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DOMException && error.name === "AbortError") return new Problem("aborted", 0, "");
  return new Problem("unreachable", 0, error instanceof Error ? error.message : String(error));
}

/** The problem in an answer that is not a success. */
export async function readProblem(answer: Response): Promise<Problem> {
  return problemOf(answer.status, await answer.text().catch(() => ""), answer.statusText);
}

/** The problem in the text of an answer that is not a success. */
export function problemOf(status: number, text: string, statusText = ""): Problem {
  const body = parsed(text);
  if (body && typeof body === "object" && "code" in body && typeof body.code === "string") {
    const { code, detail, fields } = body as { code: string; detail?: string; fields?: FieldProblem[] };
    return new Problem(code, status, detail ?? "", fields ?? []);
  }
  return new Problem(status >= 500 ? "unavailable" : "unexpected", status, statusText);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

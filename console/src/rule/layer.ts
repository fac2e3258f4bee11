// A layer of ATT&CK Navigator: the techniques somebody cares about, such as those a group is known for.
export interface Layer { name: string; wanted: Set<string> }

const LARGEST = 4_000_000;

export function readLayer(text: string): Layer {
  if (text.length > LARGEST) throw new Error("the layer is larger than 4 MB");
  const layer = JSON.parse(text) as { name?: unknown; techniques?: unknown };
  if (!Array.isArray(layer?.techniques)) throw new Error("no layer of ATT&CK Navigator: it has no techniques");
  const wanted = (layer.techniques as { techniqueID?: unknown; score?: unknown; color?: unknown; enabled?: unknown }[]).flatMap((one) => {
    const id = typeof one?.techniqueID === "string" && /^T\d{4}/.test(one.techniqueID) ? one.techniqueID.slice(0, 5) : null;
    return id && one.enabled !== false && (one.score == null ? Boolean(one.color) || one.score === undefined : Number(one.score) > 0) ? [id] : [];
  });
  return { name: String(layer.name ?? ""), wanted: new Set(wanted) };
}

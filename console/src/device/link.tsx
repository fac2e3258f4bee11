// A device by its name, wherever only its id is at hand.
import { useEffect, useState } from "preact/hooks";

import { useMay } from "../shell/session.ts";
import { getDevice } from "./api.ts";

const names = new Map<string, string>();

export function DeviceLink({ id }: { id: string }) {
  const mayRead = useMay("device.read");
  const [name, setName] = useState(names.get(id));
  useEffect(() => {
    const known = names.get(id);
    setName(known);
    if (known || !mayRead) return;
    const abort = new AbortController();
    getDevice(id, abort.signal).then((device) => {
      names.set(id, device.name);
      setName(device.name);
    }, () => {});
    return () => abort.abort();
  }, [id, mayRead]);
  if (!mayRead) return <span class="mono">{id}</span>;
  return <a href={`/devices/${id}`} class={name ? undefined : "mono"} title={id}>{name ?? id}</a>;
}

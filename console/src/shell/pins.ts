// Pinned customers: kept in this browser, shown first wherever a customer is chosen.
import { useEffect, useState } from "preact/hooks";

const KEY = "vedette.pins";
const listeners = new Set<() => void>();

function read(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter((id): id is string => typeof id === "string") : [];
  } catch {
    return [];
  }
}

export function togglePin(customer: string): void {
  const pins = read();
  localStorage.setItem(KEY, JSON.stringify(pins.includes(customer) ? pins.filter((id) => id !== customer) : [...pins, customer]));
  for (const listener of listeners) listener();
}

export function usePins(): string[] {
  const [pins, setPins] = useState(read);
  useEffect(() => {
    const listener = () => setPins(read());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return pins;
}

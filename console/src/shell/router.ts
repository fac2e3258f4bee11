// Addresses: the page's path and query are its state, so that every view can be shared and returned to.
import { useEffect, useState } from "preact/hooks";

export interface Place { path: string; query: URLSearchParams }

const listeners = new Set<() => void>();

function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

function announce(): void {
  for (const listener of listeners) listener();
}

/** Goes to an address inside the console. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to === location.pathname + location.search) return;
  if (options.replace) history.replaceState(history.state, "", to);
  else history.pushState({ inside: true }, "", to);
  announce();
}

/** Goes back to where one came from inside the console, or to `otherwise`. */
export function goBack(otherwise: string): void {
  if ((history.state as { inside?: boolean } | null)?.inside) history.back();
  else navigate(otherwise);
}

/** The present place; renders again when it changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const listener = () => setPlace(here());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return place;
}

/** One query parameter as state: setting it to nothing removes it. */
export function useParameter(name: string, fallback = ""): [string, (value: string) => void] {
  const { query } = usePlace();
  const set = (value: string) => navigate(withParameters({ [name]: value === fallback ? "" : value }), { replace: true });
  return [query.get(name) ?? fallback, set];
}

/** The present address with some query parameters changed; an empty value removes one. */
export function withParameters(changes: Record<string, string>): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  return location.pathname + (text ? `?${text}` : "");
}

/** The variable part of a path: `/incidents/inc_1` under `/incidents/` gives `inc_1`. */
export function rest(path: string, prefix: string): string | null {
  return path.startsWith(prefix) && path.length > prefix.length ? decodeURIComponent(path.slice(prefix.length)) : null;
}

/** Lets plain links, and the browser's back and forward, change the place without loading the page anew. */
export function followLinks(root: HTMLElement): void {
  addEventListener("popstate", announce);
  root.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}

// Who is signed in and what they may do, and what every page needs to know of the platform.
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Live } from "../api/live.ts";
import type { Assignee, Customer, Language, Me, Permission } from "../api/types.ts";

export interface Shell {
  me: Me;
  live: Live;
  customers: Map<string, Customer>;
  people: Map<string, Assignee>;
  /** Reads customers and colleagues again. */
  refresh: () => void;
  signOut: () => void;
  setLanguage: (language: Language) => void;
}

export const ShellContext = createContext<Shell | null>(null);

/** What surrounds the page; only pages of signed-in people ask. */
export function useShell(): Shell {
  const shell = useContext(ShellContext);
  if (!shell) throw new Error("used outside the signed-in shell");
  return shell;
}

/** Whether the signed-in person has a permission. */
export function useMay(permission: Permission): boolean {
  return useShell().me.permissions.includes(permission);
}

/** The name of a person where it is known, their id otherwise. */
export function nameOf(shell: Shell, user: string | null | undefined): string {
  if (!user) return "";
  if (user === shell.me.user.id) return shell.me.user.name;
  return shell.people.get(user)?.name ?? user;
}

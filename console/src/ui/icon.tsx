// The few pictures that fonts cannot be trusted to have.

const PATHS = {
  copy: "M5 1h9v10h-2.5v-1.5h1v-7h-6v1H5zM2 4.5h9V15H2zm1.5 1.5v7.5h6V6z",
  column: "M1 2h14v12H1zm1.5 1.5v9h3v-9zm4.5 0v9h2.5v-9zm4 0v9h2.5v-9z",
  sum: "M3 2h10v3h-1.5V3.600H6L9.5 8 6 12.400h5.5V11H13v3H3v-1.5L6.900 8 3 3.5z",
} as const;

export function Icon({ of }: { of: keyof typeof PATHS }) {
  return <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d={PATHS[of]} fill="currentColor" fill-rule="evenodd" /></svg>;
}

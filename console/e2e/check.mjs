// What was claimed, and what did not hold: a failure is written down and the run goes on, so that one run tells all.

const failures = [];
let checks = 0;

/** Writes a failure down. */
export function fail(where, what) {
  checks += 1;
  failures.push(`${where}: ${what}`);
  console.error(`  FAILED ${where}: ${what}`);
}

/** Claims something. */
export function check(holds, where, what) {
  if (holds) checks += 1;
  else fail(where, what);
}

/** Waits until `read` gives something true and returns it; says what was awaited when it never comes. */
export async function until(read, what, milliseconds = 30_000) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const value = await read();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${milliseconds / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A part of the run: what it throws fails it, not the parts after it. */
export async function part(name, run) {
  const start = Date.now();
  try {
    await run();
  } catch (error) {
    fail(name, error.message.split("\n").slice(0, 12).join("\n    "));
  }
  console.log(`${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s  ${name}`);
}

export function result() {
  return { checks, failures };
}

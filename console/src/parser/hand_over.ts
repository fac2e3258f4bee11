// What one page hands to the editor without a place at the server: a file that was read.
interface Handed { text: string; lines: string[] }

let waiting: Handed | null = null;

export function handOver(handed: Handed): void {
  waiting = handed;
}

/** What was handed over, once. */
export function takeOver(): Handed | null {
  const taken = waiting;
  waiting = null;
  return taken;
}

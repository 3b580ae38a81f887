/** The clock, in microseconds since the epoch. */
export function nowMicros(): number {
  return Date.now() * 1_000;
}

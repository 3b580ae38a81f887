import { DAY, HOUR, MINUTE } from '../rules/limits.ts';

/** A rounded duration in one or two units: `2d4h`, `3h`, `5m`. */
export function roughDuration(micros: number): string {
  const days = Math.floor(micros / DAY);
  const hours = Math.floor((micros % DAY) / HOUR);
  if (days > 0) return hours === 0 ? `${days}d` : `${days}d${hours}h`;
  if (hours > 0) return `${hours}h`;
  return `${Math.max(1, Math.ceil(micros / MINUTE))}m`;
}

import type { ReadResult, ScoredMember, StateRead } from '../../rules/state.ts';
import type { Command } from './connection.ts';
import type { ClusterKeys } from './keys.ts';

/** The command of a read; undefined if it asks for nothing, because Redis rejects an empty list. */
export function readCommand(keys: ClusterKeys, read: StateRead): Command | undefined {
  const key = keys.of(read.key);
  switch (read.kind) {
    case 'members':
      return read.members.length === 0 ? undefined : ['smismember', key, read.members];
    case 'scores':
      return read.members.length === 0 ? undefined : ['zmscore', key, read.members];
    case 'newest':
      return ['zrange', key, '+inf', `(${bound(read.above)}`, 'BYSCORE', 'REV', 'LIMIT', 0, read.limit, 'WITHSCORES'];
    case 'oldest':
      return ['zrange', key, '-inf', '+inf', 'BYSCORE', 'LIMIT', 0, read.limit, 'WITHSCORES'];
    case 'size':
      return ['zcard', key];
    case 'fields':
      return read.fields.length === 0 ? undefined : ['hmget', key, read.fields];
    case 'hash':
      return ['hgetall', key];
  }
}

/** Converts the answer of a read's command to its result. */
export function readResult(read: StateRead, answer: unknown): ReadResult {
  switch (read.kind) {
    case 'members':
      return { kind: 'members', present: list(answer).map((flag) => flag === 1) };
    case 'scores':
      return { kind: 'scores', scores: list(answer).map((score) => (score === null ? undefined : Number(score))) };
    case 'newest':
      return { kind: 'newest', entries: scoredMembers(list(answer)) };
    case 'oldest':
      return { kind: 'oldest', entries: scoredMembers(list(answer)) };
    case 'size':
      return { kind: 'size', size: Number(answer) };
    case 'fields':
      return { kind: 'fields', values: list(answer).map((value) => (value === null ? undefined : String(value))) };
    case 'hash':
      return { kind: 'hash', entries: Object.entries(answer ?? {}).map(([field, value]) => [field, String(value)]) };
  }
}

/** Formats a score for Redis. */
export function bound(score: number): string {
  if (score === Number.POSITIVE_INFINITY) return '+inf';
  return score === Number.NEGATIVE_INFINITY ? '-inf' : String(score);
}

function list(answer: unknown): readonly unknown[] {
  return Array.isArray(answer) ? answer : [];
}

/** Converts member, score, member, score… */
function scoredMembers(flat: readonly unknown[]): readonly ScoredMember[] {
  const entries: ScoredMember[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) entries.push({ member: String(flat[i]), score: Number(flat[i + 1]) });
  return entries;
}

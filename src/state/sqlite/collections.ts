import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { ReadResult, ScoredMember, StateRead, StateWrite } from '../../rules/state.ts';
import { stateKeys } from '../../rules/state-keys.ts';

/** Sets, sorted sets and hashes in tables, by cluster and key. All functions run inside the caller's transaction. */
export interface Collections {
  read(cluster: string, read: StateRead): ReadResult;
  write(cluster: string, write: StateWrite): void;
  /** The number of fields of the hash. */
  countFields(cluster: string, key: string): number;
  /** Deletes about `limit` entries of expired or removed keys; true if it reached the limit. */
  sweep(limit: number): boolean;
}

type Row = Record<string, SQLOutputValue>;

/** @param now the store's clock, in milliseconds */
export function createCollections(db: DatabaseSync, now: () => number): Collections {
  const rows = (sql: string) => {
    const statement = db.prepare(sql);
    return (...values: SQLInputValue[]): Row[] => statement.all(...values);
  };
  const row = (sql: string) => {
    const statement = db.prepare(sql);
    return (...values: SQLInputValue[]): Row | undefined => statement.get(...values);
  };
  const run = (sql: string) => {
    const statement = db.prepare(sql);
    return (...values: SQLInputValue[]): number => Number(statement.run(...values).changes);
  };

  const findKey = row('SELECT id, expires FROM keys WHERE cluster = ? AND name = ?');
  const makeKey = row('INSERT INTO keys (cluster, name, expires) VALUES (?, ?, ?) RETURNING id');
  const setExpiry = run('UPDATE keys SET expires = ? WHERE id = ?');
  const orphanKey = run('UPDATE keys SET cluster = NULL, name = NULL, expires = 0 WHERE id = ?');
  const deleteKey = run('DELETE FROM keys WHERE id = ?');
  const expiredKey = row('SELECT id FROM keys WHERE expires <= ? ORDER BY expires LIMIT 1');

  const isMember = row('SELECT 1 FROM members WHERE key = ? AND member = ?');
  const addMember = run('INSERT INTO members VALUES (?, ?) ON CONFLICT DO NOTHING');

  const scoreOf = row('SELECT score FROM scores WHERE key = ? AND member = ?');
  const newest = rows(
    'SELECT member, score FROM scores WHERE key = ? AND score > ? ORDER BY score DESC, member DESC LIMIT ?',
  );
  const oldest = rows('SELECT member, score FROM scores WHERE key = ? ORDER BY score, member LIMIT ?');
  const countScores = row('SELECT count(*) AS n FROM scores WHERE key = ?');
  const putScore = {
    set: run('INSERT INTO scores VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET score = excluded.score'),
    raise: run(
      'INSERT INTO scores VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET score = excluded.score WHERE score < excluded.score',
    ),
    absent: run('INSERT INTO scores VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
  };
  const removeScore = run('DELETE FROM scores WHERE key = ? AND member = ?');
  const pruneScores = run('DELETE FROM scores WHERE key = ? AND score < ?');
  const anyScore = row('SELECT 1 FROM scores WHERE key = ? LIMIT 1');

  const fieldValue = row('SELECT value FROM fields WHERE key = ? AND field = ?');
  const putField = {
    set: run('INSERT INTO fields VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
    absent: run('INSERT INTO fields VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
  };
  const removeField = run('DELETE FROM fields WHERE key = ? AND field = ?');
  const allFields = rows('SELECT field, value FROM fields WHERE key = ?');
  const countFields = row('SELECT count(*) AS n FROM fields WHERE key = ?');
  const anyField = row('SELECT 1 FROM fields WHERE key = ? LIMIT 1');

  const sweepers = [
    run('DELETE FROM members WHERE key = ? AND member IN (SELECT member FROM members WHERE key = ? LIMIT ?)'),
    run('DELETE FROM scores WHERE key = ? AND member IN (SELECT member FROM scores WHERE key = ? LIMIT ?)'),
    run('DELETE FROM fields WHERE key = ? AND field IN (SELECT field FROM fields WHERE key = ? LIMIT ?)'),
  ];

  /** The row id and expiry of a key; undefined if it has expired. */
  function liveKey(cluster: string, name: string): { id: number; expires: number | undefined } | undefined {
    const found = findKey(cluster, name);
    if (found === undefined) return undefined;
    const expires = found.expires === null ? undefined : Number(found.expires);
    return expires !== undefined && expires <= now() ? undefined : { id: Number(found.id), expires };
  }

  /** The key to write to. `keepMs` never shortens its life; without `keepMs` the key has no expiry. */
  function keptKey(cluster: string, name: string, keepMs: number | undefined): number {
    const until = keepMs === undefined ? undefined : now() + keepMs;
    const live = liveKey(cluster, name);
    if (live === undefined) {
      removeKey(cluster, name); // frees the name of an expired key
      return Number(makeKey(cluster, name, until ?? null)?.id);
    }
    if (live.expires !== undefined && (until === undefined || until > live.expires)) setExpiry(until ?? null, live.id);
    return live.id;
  }

  function removeKey(cluster: string, name: string): void {
    const found = findKey(cluster, name);
    if (found !== undefined) orphanKey(Number(found.id));
  }

  /** Removes entries; a key without entries is deleted, with its expiry. */
  function removeFrom(cluster: string, name: string, any: typeof anyScore, remove: (id: number) => void): void {
    const id = liveKey(cluster, name)?.id;
    if (id === undefined) return;
    remove(id);
    if (any(id) === undefined) deleteKey(id);
  }

  function addToField(id: number, field: string, by: number): void {
    const before = fieldValue(id, field)?.value;
    const count = typeof before === 'string' && /^-?\d+$/.test(before) ? BigInt(before) : 0n;
    putField.set(id, field, String(count + BigInt(by)));
  }

  return {
    read(cluster, read) {
      // Row 0 does not exist: a missing key reads as empty.
      const id = liveKey(cluster, read.key)?.id ?? 0;
      switch (read.kind) {
        case 'members':
          return { kind: 'members', present: read.members.map((member) => isMember(id, member) !== undefined) };
        case 'scores':
          return { kind: 'scores', scores: read.members.map((member) => optionalNumber(scoreOf(id, member)?.score)) };
        case 'newest':
          return { kind: 'newest', entries: newest(id, read.above, read.limit).map(scoredMember) };
        case 'oldest':
          return { kind: 'oldest', entries: oldest(id, read.limit).map(scoredMember) };
        case 'size':
          return { kind: 'size', size: Number(countScores(id)?.n) };
        case 'fields':
          return { kind: 'fields', values: read.fields.map((field) => optionalText(fieldValue(id, field)?.value)) };
        case 'hash':
          return { kind: 'hash', entries: allFields(id).map(({ field, value }) => [String(field), String(value)]) };
      }
    },
    write(cluster, write) {
      switch (write.kind) {
        case 'addMembers': {
          if (write.members.length === 0) return;
          const id = keptKey(cluster, write.key, write.keepMs);
          for (const member of write.members) addMember(id, member);
          return;
        }
        case 'setScores': {
          if (write.entries.length === 0) return;
          const id = keptKey(cluster, write.key, write.keepMs);
          for (const { member, score } of write.entries) putScore[write.mode](id, member, score);
          return;
        }
        case 'removeScores':
          return removeFrom(cluster, write.key, anyScore, (id) => {
            for (const member of write.members) removeScore(id, member);
          });
        case 'pruneScores':
          return removeFrom(cluster, write.key, anyScore, (id) => pruneScores(id, write.below));
        case 'setFields': {
          const fields = Object.entries(write.fields);
          if (fields.length === 0) return;
          const id = keptKey(cluster, write.key, write.keepMs);
          for (const [field, value] of fields) putField[write.mode](id, field, value);
          return;
        }
        case 'addToField':
          return addToField(keptKey(cluster, write.key, write.keepMs), write.field, write.by);
        case 'removeFields':
          return removeFrom(cluster, write.key, anyField, (id) => {
            for (const field of write.fields) removeField(id, field);
          });
        case 'removeKey':
          return removeKey(cluster, write.key);
        case 'markDue':
          putScore.absent(keptKey(cluster, stateKeys.due(write.sink), undefined), write.alertId, now() + write.delayMs);
          return;
      }
    },
    countFields: (cluster, key) => Number(countFields(liveKey(cluster, key)?.id ?? 0)?.n),
    sweep(limit) {
      let left = limit;
      while (left > 0) {
        const key = expiredKey(now());
        if (key === undefined) return false;
        const id = Number(key.id);
        for (const sweep of sweepers) left -= left > 0 ? sweep(id, id, left) : 0;
        if (left <= 0) return true;
        deleteKey(id);
        left -= 1;
      }
      return true;
    },
  };
}

function scoredMember(row: Row): ScoredMember {
  return { member: String(row.member), score: Number(row.score) };
}

function optionalNumber(value: SQLOutputValue | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function optionalText(value: SQLOutputValue | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

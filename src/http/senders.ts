import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Metrics } from '../telemetry/metrics.ts';
import { isLoopback } from './options.ts';

export interface Senders {
  /** Notes that a batch of this request was accepted for the cluster. */
  heard(cluster: string, request: IncomingMessage): void;
}

/** More API servers than one cluster has; where others stand between, their number stays bounded all the same. */
const MOST_SENDERS = 32;
const FORGOTTEN_AFTER_MS = 60 * 60_000;
const MS_PER_SECOND = 1_000;

/**
 * When each sender of a cluster was heard last. With a name of this node, a sender on a loopback address goes by it: on
 * control-plane nodes each API server sends to its own node, and all of them would be 127.0.0.1. It then counts from the
 * start, so that one that is never heard is missed as well. API servers often share one certificate, so they are told apart by their
 * address. One that has been silent for an hour, or silent longest of more than 32, is forgotten when another is heard:
 * where all are silent they stay, and so does their alert.
 */
export function createSenders(
  metrics: Pick<Metrics, 'senderLastBatchTimestamp' | 'senderCertificateExpiry'>,
  own: { readonly node?: string | undefined; readonly cluster?: string | undefined } = {},
  now: () => number = Date.now,
): Senders {
  /** By cluster the time at which each address was heard, the one heard longest ago first. */
  const heardAt = new Map<string, Map<string, number>>();
  /** The connections whose certificate was looked at. */
  const seen = new WeakSet<object>();

  function forget(cluster: string, senders: Map<string, number>): void {
    for (const [sender, at] of senders) {
      if (senders.size <= MOST_SENDERS && now() - at < FORGOTTEN_AFTER_MS) return;
      senders.delete(sender);
      metrics.senderLastBatchTimestamp.remove({ cluster, sender });
      metrics.senderCertificateExpiry.remove({ cluster, sender });
    }
  }

  function note(cluster: string, sender: string): void {
    const senders = heardAt.get(cluster) ?? new Map<string, number>();
    heardAt.set(cluster, senders);
    senders.delete(sender);
    senders.set(sender, now());
    metrics.senderLastBatchTimestamp.set({ cluster, sender }, now() / MS_PER_SECOND);
    forget(cluster, senders);
  }

  if (own.node !== undefined && own.cluster !== undefined) note(own.cluster, own.node);
  return {
    heard(cluster, { socket }) {
      const address = plainAddress(socket.remoteAddress);
      if (address === undefined) return;
      const sender = own.node !== undefined && isLoopback({ host: address, port: 0 }) ? own.node : address;
      note(cluster, sender);
      if (seen.has(socket) || !(socket instanceof TLSSocket)) return;
      seen.add(socket);
      const expiry = socket.getPeerX509Certificate()?.validToDate;
      if (expiry !== undefined) {
        metrics.senderCertificateExpiry.set({ cluster, sender }, expiry.getTime() / MS_PER_SECOND);
      }
    },
  };
}

/** An IPv4 address as itself, also where the socket listens on both families. Undefined once the sender has gone. */
function plainAddress(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.\d+\.)/, '');
}

import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Metrics } from '../telemetry/metrics.ts';
import { isLoopback } from './options.ts';

export interface Senders {
  /** Notes that a batch of this request was accepted for the cluster. */
  heard(cluster: string, request: IncomingMessage): void;
}

/** More API servers than a cluster has; it also bounds the senders behind a proxy that changes addresses. */
const MOST_SENDERS = 32;
const FORGOTTEN_AFTER_MS = 60 * 60_000;
const MS_PER_SECOND = 1_000;

/**
 * Tracks when each sender of a cluster last sent a batch. API servers often share one certificate, so their addresses
 * tell them apart. On control-plane nodes each API server sends to its own node, and every address would be 127.0.0.1:
 * if the node's name is configured, it stands for a loopback address, and counts from the start, so that a sender that
 * never sends is missed too. A sender is forgotten when another one sends and it has been silent for an hour, or is the
 * one silent longest of more than 32. If all are silent they stay, and so does their alert.
 */
export function createSenders(
  metrics: Pick<Metrics, 'senderLastBatchTimestamp' | 'senderCertificateExpiry'>,
  own: { readonly node?: string | undefined; readonly cluster?: string | undefined } = {},
  now: () => number = Date.now,
): Senders {
  /** By cluster: when each address last sent a batch, the oldest first. */
  const heardAt = new Map<string, Map<string, number>>();
  /** Connections whose certificate has been read. */
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

/** The plain IPv4 address, even if the socket listens on both families. Undefined once the sender has gone. */
function plainAddress(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.\d+\.)/, '');
}

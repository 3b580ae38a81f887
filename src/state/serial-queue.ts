export interface SerialQueue {
  /** Runs the task once all earlier ones of that name have ended, well or not. */
  run<T>(name: string, task: () => T | Promise<T>): Promise<T>;
  /** Resolves when everything handed in so far has ended. */
  settled(): Promise<void>;
}

/** Queues by name: within a name tasks run one after another in the order of their arrival. */
export function createSerialQueue(): SerialQueue {
  const tails = new Map<string, Promise<void>>();
  return {
    run(name, task) {
      const turn = (tails.get(name) ?? Promise.resolve()).then(task);
      const tail = turn.then(ignore, ignore).then(() => {
        if (tails.get(name) === tail) tails.delete(name);
      });
      tails.set(name, tail);
      return turn;
    },
    async settled() {
      await Promise.all(tails.values());
    },
  };
}

function ignore(): void {}

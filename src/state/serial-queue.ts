export interface SerialQueue {
  /** Runs the task after all earlier ones of that name have ended, whether or not they failed. */
  run<T>(name: string, task: () => T | Promise<T>): Promise<T>;
  /** Resolves when all tasks so far have ended. */
  settled(): Promise<void>;
}

/** Queues by name: tasks of one name run one after another, in order of arrival. */
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

// Measuring several servers in turn, so that all of them meet the same moments of the machine.

import { median } from "./statistics.ts";

/** What one round at one server gave, by row. */
export type Sample = Readonly<Record<string, number>>;

/** Medians over the rounds, by row. */
export type Medians = Readonly<Record<string, number>>;

/**
 * Measures every entity in every round, the order turned round each time; the medians of each.
 * What a round leaves out of a row counts for nothing.
 */
export async function measureInRounds<Entity>(
  entities: readonly Entity[],
  rounds: number,
  measure: (entity: Entity, round: number) => Promise<Sample>,
): Promise<Medians[]> {
  const samples = entities.map((): Sample[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...entities.keys()];
    if (round % 2 === 1) order.reverse();
    for (const at of order) {
      const entity = entities[at];
      if (entity !== undefined) samples[at]?.push(await measure(entity, round));
    }
  }
  return samples.map(mediansOf);
}

/** The median of each row over some samples. */
export function mediansOf(samples: readonly Sample[]): Medians {
  const names = new Set(samples.flatMap((sample) => Object.keys(sample)));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = samples.flatMap((sample) => {
        const value = sample[name];
        return value === undefined || Number.isNaN(value) ? [] : [value];
      });
      return [name, median(values)];
    }),
  );
}

import type { Actor } from "../database/actor.js"

/** One tenant tries to reach what is another's. */
export interface Pair {
  readonly attacker: Actor
  readonly victim: Actor
}

/** Every ordered pair of tenants that share no key. More tenants than four are tried in a ring, not all against all. */
export function pairsOf(actors: readonly Actor[]): Pair[] {
  const all = actors.flatMap((attacker, i) =>
    actors.flatMap((victim, j) =>
      i !== j && (actors.length <= 4 || isNeighbour(i, j, actors.length)) ? [{ attacker, victim }] : [],
    ),
  )
  return all.filter(({ attacker, victim }) => !attacker.keys.some((key) => victim.keys.includes(key)))
}

const isNeighbour = (i: number, j: number, n: number): boolean => (i + 1) % n === j || (j + 1) % n === i

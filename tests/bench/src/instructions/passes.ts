import { median } from "../statistics.ts"

/** One execution, its reply checked. `turn` counts from 0 over all of them. */
export type Once = (turn: number) => Promise<void>

export interface Plan {
  /** Before anything is counted: plans are made, and pages mapped. */
  readonly warmUp: number
  readonly executions: number
  readonly passes: number
  /** Passes agree where the highest is no more than so many times the lowest; else more than the statement was counted. */
  readonly most: number
}

export interface Counted {
  readonly instructions: number
  /** Lowest and highest pass over their median. */
  readonly range: readonly [number, number]
}

/**
 * Instructions of one execution. Each pass counts some executions and then twice as many: the difference is of executions
 * alone, because what it takes to begin and to end counting is in both.
 */
export async function countOne(
  name: string,
  count: (work: () => Promise<void>) => Promise<number>,
  once: Once,
  { warmUp, executions, passes, most }: Plan,
): Promise<Counted> {
  let turn = 0
  const times = async (left: number): Promise<void> => {
    for (; left > 0; left--) await once(turn++)
  }
  await times(warmUp)
  const each: number[] = []
  for (let pass = 0; pass < passes; pass++) {
    const some = await count(() => times(executions))
    const twice = await count(() => times(2 * executions))
    each.push((twice - some) / executions)
  }
  return agreed(name, each, most)
}

/** @throws where the passes do not agree: their median would be a number of something else */
export function agreed(name: string, passes: readonly number[], most: number): Counted {
  const [low, middle, high] = [Math.min(...passes), median(passes), Math.max(...passes)]
  if (!(low > 0) || high > low * most)
    throw new Error(`${name}: the passes counted ${passes.map(Math.round).join(", ")} instructions, which do not agree`)
  return { instructions: middle, range: [low / middle, high / middle] }
}

import { quoteLiteral } from "@wardkeep/core"
import type { Relation } from "../catalog/relation.js"
import type { Scene } from "../run/check.js"
import type { Routine } from "./argument.js"
import { executed } from "./executed.js"
import { hidden } from "./hidden.js"
import type { Pair } from "./pair.js"
import { names } from "./policy-parts.js"
import { wordsOf } from "./words.js"

/** A text that becomes SQL is evaluated only where a row is found: in the other places nothing is searched for, or what is one's own. */
export async function injected(
  scene: Scene,
  one: Routine,
  pair: Pair,
  lists: readonly (readonly string[])[],
): Promise<string[][]> {
  const texts = executed(scene, one).map(quoteLiteral)
  if (texts.length === 0 || one.arguments.length < 2) return []
  const own = await ownWord(scene, one, pair)
  return ["''", ...(own === undefined ? [] : [own])].flatMap((word) => {
    const open = one.arguments.map(({ category, type }, at) =>
      category === "S" ? `${word}::${type}` : (lists[at]?.[0] ?? `null::${type}`),
    )
    return one.arguments.flatMap(({ category, type }, at) =>
      category === "S" ? texts.map((text) => open.with(at, `${text}::${type}`)) : [],
    )
  })
}

/** That stands in a row of the attacker's own, of a table that the function names: a search for it finds that row. */
async function ownWord(scene: Scene, { source }: Routine, { attacker, victim }: Pair): Promise<string | undefined> {
  const words = await wordsOf(scene, { attacker: victim, victim: attacker })
  const isFree = ({ keys }: Relation, name: string): boolean => keys.every(({ columns }) => !columns.includes(name))
  const word = words.find(({ relation, column }) => names(source, relation.name) && isFree(relation, column))
  return word && hidden(word.text, word.place, attacker.name)
}

import { quoteLiteral } from "@wardkeep/core"
import { columnOf, labelOf, type Relation } from "../../catalog/relation.js"
import { type Argument, isTextList, tenantWord } from "../../probe/argument.js"
import { checkedWords } from "../../probe/checked-words.js"
import { holdsTenants } from "../../probe/ground.js"
import { hidden } from "../../probe/hidden.js"
import { isNumbered, lookalikesOf, siblingsOf, stranger } from "../../probe/lookalike.js"
import { isOnlyTheirs, tenantTablesIn } from "../../probe/only-theirs.js"
import type { Pair } from "../../probe/pair.js"
import { names } from "../../probe/policy-parts.js"
import { unused } from "../../probe/unused.js"
import type { Scene } from "../../run/check.js"
import type { Asked } from "./asked.js"

/** Columns that are asked about, and the words of each. */
const limits = { columns: 8, words: 2 }

/** A value may be malformed, and what is well formed may be unknown or of a kind that is not looked for. */
const kinds = 3

/** Made-up values with other letters too. */
const strangers = 4

/** A text may be a number of a policy, a bill or a phone: values that only the victim has, and others of their form. */
export async function textsFor(scene: Scene, pair: Pair, arg: Argument, source: string): Promise<Asked[]> {
  if (!(arg.category === "S" || isTextList(arg)) || arg.labels.length > 0 || tenantWord.test(arg.name)) return []
  const listed = await checkedWords(scene)
  const found: Asked[] = []
  for (const relation of tenantTablesIn(scene, source)) {
    for (const name of textColumns(relation, source)) {
      if (listed.some((one) => one.relation === relation.oid && one.column === name)) continue
      const asked = await ofColumn(scene, pair, { relation, name, source })
      if (asked !== undefined) found.push(asked)
      if (found.length >= limits.columns) return found
    }
  }
  for (const [relation, name] of referring(scene, source)) {
    const asked = await ofColumn(scene, pair, { relation, name, source: relation.name })
    if (asked !== undefined && found.length < limits.columns) found.push(asked)
  }
  return found
}

/** Tenants' columns that refer to a table of nobody's that the source names, such as a store of files that all share. */
const referring = ({ catalog }: Scene, source: string): [Relation, string][] =>
  catalog.relations
    .filter((one) => holdsTenants(one) && !names(source, one.name))
    .flatMap((relation) =>
      relation.keys.flatMap(({ kind, columns: [name = "", ...more], parent }): [Relation, string][] => {
        const above = catalog.byOid(parent ?? "")
        const isText = columnOf(relation, name)?.category === "S"
        return kind === "f" &&
          more.length === 0 &&
          isText &&
          above?.tenancy.by === "nothing" &&
          names(source, above.name)
          ? [[relation, name]]
          : []
      }),
    )

/** Named by the function, and not the tenant. */
function textColumns({ columns, tenancy }: Relation, source: string): string[] {
  const tenant = tenancy.by === "column" ? tenancy.column.name : ""
  return columns
    .filter(({ name, category, enum: isEnum }) => category === "S" && !isEnum && name !== tenant)
    .map(({ name }) => name)
    .filter((name) => source.includes(name))
}

interface Place {
  readonly relation: Relation
  readonly name: string
  readonly source: string
}

async function ofColumn(
  scene: Scene,
  { attacker, victim }: Pair,
  { relation, name, source }: Place,
): Promise<Asked | undefined> {
  const valuesOf = async (actor: Pair["victim"]): Promise<string[]> => {
    const { rows } = await scene.facts.owned(relation, actor)
    const texts = rows.flatMap(({ values }) => (typeof values[name] === "string" ? [values[name]] : []))
    return [...new Set(texts)].filter(isNumbered)
  }
  const shown =
    ({ name: tenant }: Pair["victim"]) =>
    (text: string): string =>
      hidden(text, `${labelOf(relation)}.${name}`, tenant)
  const theirs: string[] = []
  for (const text of (await valuesOf(victim)).slice(0, 5)) {
    if (theirs.length < limits.words && (await isOnlyTheirs(scene, victim, source, text))) theirs.push(text)
  }
  const [first] = theirs
  if (first === undefined) return undefined
  const free = async (made: readonly string[]): Promise<string[]> =>
    ((await unused(scene, source, made)) ?? made.filter((text) => !theirs.includes(text))).map(quoteLiteral)
  const printable = await free(Array.from({ length: strangers }, () => stranger(first)))
  return {
    theirs: theirs.map(shown(victim)),
    own: (await valuesOf(attacker)).slice(0, 4).map(shown(attacker)),
    nobodys: [...(await free(lookalikesOf(first))), ...printable],
    printable,
    kinds,
    // Where nobody's cannot be known, a sibling may be somebody's, and its answer says nothing.
    siblings: async (place) => ((await unused(scene, source, siblingsOf(theirs[place] ?? ""))) ?? []).map(quoteLiteral),
  }
}

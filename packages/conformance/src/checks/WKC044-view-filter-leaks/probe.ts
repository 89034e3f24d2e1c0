import { quoteIdent } from "@wardkeep/core"
import { labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { excuseOf } from "../../probe/excuse.js"
import { toldWords } from "../../probe/own-words.js"
import type { Pair } from "../../probe/pair.js"
import { search } from "../../probe/search.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

export const probe = defineProbe({
  code: "WKC044",
  title: "A view filters by tenant, and a function in the query sees the rows before the filter",
  severity: "leak",
  cwe: "CWE-693",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    for (const view of scene.catalog.relations.filter(({ kind }) => kind === "v")) {
      scene.step(labelOf(view))
      for (const pair of scene.pairs) await spy(scene, record, pair, view)
    }
  },
})

/** Cheaper than any filter, so that the planner asks it first where nothing forbids that. */
const spyFunction =
  "create function pg_temp.wk_spy(text) returns boolean language plpgsql cost 0.0000001 as 'begin raise notice ''%'', $1; return true; end'"

async function spy(scene: Scene, record: CheckRecord, { attacker, victim }: Pair, view: Relation): Promise<void> {
  const excuse = excuseOf(scene, { attacker, victim }, record, labelOf(view))
  const inRows = async (rows: readonly string[]) =>
    await toldWords(scene, { attacker, victim }, view.name, rows.join("\n"), [], excuse)
  const plain = await search(scene, { attacker, victim }, view, { inRows, copiesOnly: false, source: view.name })
  if (plain.error !== undefined || plain.found !== undefined) return
  for (const column of view.columns.filter(({ category }) => category === "S").slice(0, 8)) {
    const attack = `select count(*) from ${quoted(view)} as wk_row where pg_temp.wk_spy(wk_row.${quoteIdent(column.name)})`
    const outcome = await attacker.act(async (tx) => {
      const created = await tx.keep(spyFunction)
      return created.error === undefined ? await tx.attempt(attack) : undefined
    })
    if (outcome === undefined) return
    record.probe(labelOf(view))
    record.control()
    const hit = await toldWords(scene, { attacker, victim }, view.name, outcome.notices.join("\n"), [], excuse)
    if (hit === undefined) continue
    return record.found({
      object: labelOf(view),
      message: `The view hides rows of tenant ${victim.name} from the result, not from a function in the query.`,
      evidence: `a value of ${hit.place} that only tenant ${victim.name} has came as a notice, sha-256 ${hit.hash}`,
      replay: attacker.replay(spyFunction, attack),
      fix: `alter view ${quoted(view)} set (security_barrier = true);`,
    })
  }
}

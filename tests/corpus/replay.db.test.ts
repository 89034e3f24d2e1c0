import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { repeatAll } from "./src/replay.ts"
import { readSystems } from "./src/system.ts"
import { useWorkshop } from "./src/use-workshop.ts"

const used = useWorkshop()
const systems = readSystems(fileURLToPath(new URL("systems", import.meta.url)))
const finding = (...statements: string[]) => ({
  check: "WKC020",
  verdict: "LEAK" as const,
  severity: "leak" as const,
  object: "archive.file_2019",
  replay: ["begin;", "select set_config('app.org_ids', '{1}', true);", ...statements, "rollback;"].join("\n"),
})

test("a replay counts when the application's login sees it, and one that shows nothing is named", async () => {
  const system = systems.find(({ slug }) => slug === "archive-schema-forgotten")
  if (system === undefined) throw new Error("the corpus has lost a system")
  const installed = await used.workshop.install(system)
  const other = "from archive.file_2019 where org_id ="
  try {
    await installed.admin.query("grant delete on archive.file_2019 to arch_app")
    // The first number goes with the second day.
    await installed.admin.query(`create table archive.card (org_id int, no text, born text, holder text);
      insert into archive.card values (2, 'a', '2', 'bravo one'), (2, 'b', '1', 'bravo two');
      grant select on archive.card to arch_app`)
    const looked = (...lines: string[]) => {
      const one = finding("select holder from archive.card where no = :'value_1' and born = :'value_2';")
      return { ...one, replay: [...lines, one.replay].join("\n") }
    }
    const of = (name: string, column: string) =>
      `-- ${name}: of archive.card.${column}; psql takes it with -v ${name}=…`
    const shown = [
      looked(of("value_1", "no"), of("value_2", "born")),
      finding(`select count(*) ${other} 2;`),
      finding(`select * ${other} 2;`),
      finding(`delete ${other} '2';`),
      // Of everybody.
      finding("select count(*) from archive.file_2019;"),
      { ...finding(), replay: `begin;\nselect count(*) ${other} 1;\nrollback;` },
    ]
    const silent = [
      // The number of one row with the day of another.
      [looked(of("value_1", "no"), of("value_2", "holder")), "SELECT 0 []"],
      [finding(`select count(*) ${other} 99;`), 'SELECT 1 [{"count":"0"}]'],
      [finding(`delete ${other} '99';`), "DELETE 0"],
      [finding("select count(*) from pg_authid;"), "42501 permission denied"],
      [finding(), "ROLLBACK"],
      // Own rows, and what says nothing of anybody.
      [finding(`select * ${other} 1;`), '"org_id":1'],
      [finding(`select count(*) ${other} 1;`), '[{"count":"'],
      [finding(`delete ${other} 1;`), "DELETE "],
      [finding("select 1 as one;"), '[{"one":1}]'],
      [finding("create temp table mine (n int);"), "CREATE"],
    ] as const
    const { shown: n, silent: told } = await repeatAll(installed, [...shown, ...silent.map(([one]) => one)])
    expect(n).toBe(shown.length)
    expect(told).toEqual(silent.map(([, answer]) => expect.stringContaining(answer)))
  } finally {
    await installed.remove()
  }
})

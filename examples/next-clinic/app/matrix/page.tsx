import { policy } from "@wardkeep/example-express-clinic"
import { cellsOf } from "@/clinic/heat"
import { screen } from "@/clinic/screen"
import { Card } from "@/ui/parts"
import { nameOf } from "@/words"

/** A region that scrolls is reached with the keyboard, too. */
const scrolls = { tabIndex: 0 } as const

const label = (table: string): string => table.replace("public.", "")

export default screen(
  { place: "matrix", path: () => "/matrix", title: (words) => words.places.matrix },
  async ({ words }) => {
    const tables = [...policy.tables.keys()]
    return (
      <>
        <p className="soft">{words.matrixIntro}</p>
        <Card id="heat">
          <p className="soft fine">{words.matrixLegend}</p>
          <section className="heat-frame" aria-label={words.places.matrix} {...scrolls}>
            <table className="heat">
              <thead>
                <tr>
                  <td />
                  {tables.map((table) => (
                    <th key={table} scope="col">
                      {nameOf(words.relations, label(table))}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {policy.actors.map((actor) => (
                  <tr key={`${actor.kind}-${actor.name}`}>
                    <th scope="row">{nameOf(words.roles, actor.name)}</th>
                    {cellsOf(actor, tables).map(({ table, text, weight }) => (
                      <td key={table} className={`w${weight}`}>
                        {text === "" ? <span className="hidden">{words.matrixNothing}</span> : text}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </Card>
      </>
    )
  },
)

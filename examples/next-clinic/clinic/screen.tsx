import type { OpenLogin } from "@wardkeep/example-express-clinic"
import { notFound, redirect } from "next/navigation"
import type { ReactNode } from "react"
import { Shell } from "@/ui/shell"
import { type Language, languages, type Words } from "@/words"
import { clinic, currentLogin, wk } from "./context"
import { currentLanguage } from "./cookies"
import { type May, mayOf, type Place } from "./menu"

export interface Branch {
  readonly id: string
  readonly name: string
}

/** Who looks at which screen, in which language. */
export interface Visit {
  readonly login: OpenLogin
  readonly may: May
  readonly words: Words
  readonly language: Language
  readonly branches: readonly Branch[]
  readonly place: Place
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, string>>
}

/** What Next hands to a page. */
export interface PageProps {
  readonly params: Promise<Record<string, string>>
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>
}

interface Screen {
  readonly place: Place
  /** Of this screen, with its parameters; language and branch come back to it. */
  readonly path: (params: Readonly<Record<string, string>>) => string
  readonly title: (words: Words) => string
}

/** A screen that is about somebody: their name is its heading. */
export interface Headed {
  readonly heading: string
  readonly main: ReactNode
}

const isHeaded = (shown: ReactNode | Headed): shown is Headed =>
  typeof shown === "object" && shown !== null && "heading" in shown

/** A page in the caller's context, in the frame. Whoever may not have its place in the menu has no such page. */
export function screen({ place, path, title }: Screen, render: (visit: Visit) => Promise<ReactNode | Headed>) {
  return async ({ params, searchParams }: PageProps): Promise<ReactNode> => {
    const login = await currentLogin()
    if (login === undefined) redirect("/sign-in")
    const [given, asked, language] = [await params, await searchParams, await currentLanguage()]
    return await clinic.component(async () => {
      const may = await mayOf(login)
      if (!may.places.includes(place)) notFound()
      const words = languages[language]
      const query = Object.fromEntries(
        Object.entries(asked).flatMap(([name, value]) =>
          typeof value === "string" ? [[name, value.slice(0, 400)]] : [],
        ),
      )
      const visit: Visit = {
        login,
        may,
        words,
        language,
        branches: await branchesOf(login, may),
        place,
        path: path(given),
        query,
        params: given,
      }
      const shown = await render(visit)
      const [heading, main] = isHeaded(shown) ? [shown.heading, shown.main] : [title(words), shown]
      return (
        <Shell visit={visit} title={heading}>
          {main}
        </Shell>
      )
    })()
  }
}

/** The names of one's own branches; the database shows the others of the clinic too, as far as the role reads them. */
async function branchesOf({ session }: OpenLogin, may: May): Promise<Branch[]> {
  if (!may.does("read", "branch")) return []
  const own = session.grants.flatMap(({ branches }) => branches)
  const { rows } = await wk.query<Branch & Record<string, unknown>>(
    "select id, name from branch where id = any ($1) order by name",
    [own],
  )
  return rows.map(({ id, name }) => ({ id, name }))
}

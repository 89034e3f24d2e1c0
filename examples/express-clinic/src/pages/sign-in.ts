import type { Issuer } from "wardkeep"
import { z } from "zod"
import { ClinicError } from "../http/clinic-error.js"
import type { SignIn } from "../login/sign-in.js"
import type { LoginStore } from "../login/store.js"
import { type Html, html } from "./html.js"
import { homeOf, textField, warned } from "./shell.js"
import { type Answer, field, type Page, roleOf, type Shown, type Visit, whose } from "./visit.js"

interface SignInParts {
  readonly signIn: SignIn
  readonly issuer: Issuer
  readonly logins: LoginStore
}

/** Only an address of these pages: whoever makes up the rest leads nobody away. */
const isPage = (path: string): boolean => /^\/pages\/[a-z0-9/-]*$/.test(path)
const pairs = z.array(z.tuple([z.string().max(60), z.string().max(2000)])).max(60)

/** What was filled in when the session was over, kept in the page itself: nobody else's memory holds it. */
function keptOf(form: URLSearchParams): [string, string][] {
  try {
    return pairs.parse(JSON.parse(form.get("kept") ?? "[]"))
  } catch {
    return []
  }
}

/** The first factor; shown instead of a page, too, when nobody is signed in any more. */
export function signInForm(visit: Visit, next: string, wrong?: string): Shown {
  const { words, form } = visit
  const isOver = form.has("whose")
  const kept = isOver ? JSON.stringify([...form]) : (form.get("kept") ?? "[]")
  const note =
    wrong ?? (isOver ? words.sessionOver : visit.path.startsWith("/pages/sign-in") ? undefined : words.signFirst)
  const body = html`${textField({ name: "email", label: words.email, value: field(form, "email"), type: "email", complete: "username" })}
${textField({ name: "password", label: words.password, value: "", type: "password", complete: "current-password" })}`
  const fields = { next, kept }
  const main = html`${note === undefined ? "" : warned(note)}${step(words.next, "/pages/sign-in", fields, body)}`
  return {
    kind: "page",
    status: visit.path.startsWith("/pages/sign-in") && wrong === undefined ? 200 : 401,
    title: words.signIn,
    main,
  }
}

function step(button: string, action: string, hidden: Readonly<Record<string, string>>, body: Html): Html {
  const inputs = Object.entries(hidden).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return html`<form class="card" method="post" action="${action}" novalidate>${inputs}${body}<button>${button}</button></form>`
}

function codeForm(visit: Visit, ticket: string, wrong?: string): Shown {
  const { words, form } = visit
  const fields = { ticket, next: field(form, "next"), kept: form.get("kept") ?? "[]" }
  const body = textField({
    name: "code",
    label: words.code,
    hint: words.codeHint,
    value: "",
    complete: "one-time-code",
  })
  const main = html`${wrong === undefined ? "" : warned(wrong)}${step(words.signIn, "/pages/sign-in/code", fields, body)}`
  return { kind: "page", status: wrong === undefined ? 200 : 401, title: words.code, main }
}

/** Shown once, after signing in anew: the form as it was, to be looked at and saved by the one who filled it in. */
function goOn(visit: Visit, next: string, kept: readonly [string, string][]): Shown {
  const { words } = visit
  const hidden = kept.filter(([name]) => !["language", "save", "withdraw", "draft"].includes(name))
  const inputs = hidden.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  const main = html`<p>${words.keptHint}</p><form method="post" action="${next}">${inputs}<button name="draft" value="1">${words.next}</button></form>`
  return { kind: "page", title: words.kept, main }
}

export function signInPages({ signIn, issuer, logins }: SignInParts): Page[] {
  const refused = (visit: Visit, error: unknown): string => {
    if (!(error instanceof ClinicError)) throw error
    return error.status === 429 ? visit.words.tooOften : visit.words.wrongSignIn
  }
  const first = async (visit: Visit): Promise<Answer> => {
    const { form, address } = visit
    try {
      const { ticket } = await signIn.password(
        field(form, "email", 200),
        (form.get("password") ?? "").slice(0, 200),
        address,
      )
      return codeForm(visit, ticket)
    } catch (error) {
      return signInForm(visit, field(form, "next"), refused(visit, error))
    }
  }
  const second = async (visit: Visit): Promise<Answer> => {
    const { form, words } = visit
    const ticket = field(form, "ticket", 100)
    try {
      const opened = await signIn.code(ticket, field(form, "code", 6), "pages")
      const cookie = logins.add(opened)
      const login = logins.open(cookie)
      const wanted = field(form, "next")
      const next = isPage(wanted) && !wanted.startsWith("/pages/sign-in") ? wanted : homeOf(roleOf(login))
      const kept = keptOf(form)
      if (kept.length === 0) return { kind: "go", to: next, cookie }
      const own = new URLSearchParams(kept).get("whose") === whose(login)
      if (own) return { ...goOn({ ...visit, login }, next, kept), cookie }
      const main = html`${warned(words.otherPerson)}<p><a href="${homeOf(roleOf(login))}">${words.next}</a></p>`
      return { kind: "page", title: words.wrongTitle, main, cookie }
    } catch (error) {
      return codeForm(visit, ticket, refused(visit, error))
    }
  }
  return [
    { method: "get", path: "/sign-in", roles: "anybody", handle: async (visit) => signInForm(visit, "") },
    { method: "post", path: "/sign-in", roles: "anybody", handle: first },
    { method: "post", path: "/sign-in/code", roles: "anybody", handle: second },
    {
      method: "post",
      path: "/sign-out",
      roles: "anybody",
      async handle({ login }) {
        if (login !== undefined) {
          await issuer.endSession(login.session.id, "logout")
          logins.forget(login.session.id)
        }
        return { kind: "go", to: "/pages/sign-in", cookie: "" }
      },
    },
  ]
}

import express, { type Request, type Response, Router } from "express"
import type { Logger } from "pino"
import type { Wardkeep } from "wardkeep"
import { ClinicError } from "../http/clinic-error.js"
import { cookieName, sessionCookie } from "../http/cookie.js"
import { answerFor } from "../http/errors.js"
import type { LoginStore } from "../login/store.js"
import { html } from "./html.js"
import { languageOf, refusedText, shell, warned } from "./shell.js"
import { signInForm } from "./sign-in.js"
import { style } from "./style.js"
import { type Answer, type Page, refusalIn, roleOf, type Shown, type Visit } from "./visit.js"
import { languages } from "./words/index.js"

interface RouterParts {
  readonly wk: Wardkeep
  readonly logins: LoginStore
  readonly log: Logger
  readonly clock: () => number
  readonly secureCookies: boolean
}

const languageCookie = "clinic_language"

/** Nothing but the style sheet is loaded, forms go here only, and no script runs. */
const contentPolicy =
  "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/** The pages for people: plain forms, each answered by a page. */
export function pageRouter(parts: RouterParts, pages: readonly Page[]): Router {
  const router = Router()
  router.use((_request, response, next) => {
    // `no-referrer` would take the origin from forms, which is looked at below.
    response.set({ "content-security-policy": contentPolicy, "referrer-policy": "same-origin" })
    next()
  })
  router.get("/style.css", (_request, response) => {
    response.set("cache-control", "private, max-age=300").type("css").send(style)
  })
  router.use(express.text({ type: "application/x-www-form-urlencoded", limit: "64kb" }))
  for (const page of pages) {
    router[page.method](page.path, async (request, response) => {
      const visit = visitOf(request, response, parts.logins)
      if (visit === undefined) return send(response, ...unknownLanguage(request, response), parts)
      send(response, visit, await answerOf(page, visit, request, parts), parts)
    })
  }
  router.use((request, response) => {
    const visit = visitOf(request, response, parts.logins)
    if (visit === undefined) return send(response, ...unknownLanguage(request, response), parts)
    send(response, visit, problem(visit, 404, visit.words.notFound), parts)
  })
  return router
}

function visitOf(request: Request, response: Response, logins: LoginStore): Visit | undefined {
  const at = new URL(request.originalUrl, "http://pages.invalid")
  const form = new URLSearchParams(typeof request.body === "string" ? request.body : "")
  const cookie = cookieOf(request.headers.cookie, languageCookie)
  const accepted = request.headers["accept-language"] ?? ""
  const language = languageOf({ form, query: at.searchParams, cookie, accepted })
  if (language === undefined) return undefined
  return {
    words: languages[language],
    language,
    login: logins.open(sessionCookie(request.headers.cookie)),
    path: at.pathname,
    params: Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, String(value)])),
    query: at.searchParams,
    form,
    requestId: String(response.locals.requestId),
    address: request.ip ?? "",
  }
}

function unknownLanguage(request: Request, response: Response): [Visit, Answer] {
  const none = new URLSearchParams()
  const { pathname } = new URL(request.originalUrl, "http://pages.invalid")
  const rest = { path: pathname, params: {}, query: none, form: none, address: "", login: undefined }
  const visit: Visit = { ...rest, language: "en", words: languages.en, requestId: String(response.locals.requestId) }
  return [visit, problem(visit, 400, languages.en.unknownLanguage)]
}

async function answerOf(page: Page, visit: Visit, request: Request, { wk, clock, log }: RouterParts): Promise<Answer> {
  const { words, login } = visit
  if (page.method === "post" && !isOurs(request)) return problem(visit, 403, words.otherSite)
  try {
    if (page.roles === "anybody") return await page.handle(visit)
    if (login === undefined || clock() >= Date.parse(login.session.expiresAt)) return signInForm(visit, visit.path)
    if (!page.roles.includes(roleOf(login) ?? "")) return problem(visit, 403, words.notYours)
    return await wk.run(login.session, { requestId: visit.requestId }, () => page.handle(visit))
  } catch (error) {
    return fault(error, visit, log)
  }
}

function fault(error: unknown, visit: Visit, log: Logger): Answer {
  const { words, requestId } = visit
  const refusal = refusalIn(error)
  if (refusal !== undefined) return problem(visit, 422, refusedText(words, refusal))
  const { status } = answerFor(error)
  if (status === 401) return signInForm({ ...visit, login: undefined }, visit.path)
  if (status === 403) return problem(visit, 403, words.notYours)
  if (error instanceof ClinicError && status === 404) return problem(visit, 404, words.notFound)
  log.error({ requestId, err: error }, "a page failed")
  return problem(visit, 500, html`${words.broken} <code>${requestId}</code>`)
}

function problem(visit: Visit, status: number, text: Parameters<typeof warned>[0]): Shown {
  const back = html`<p><a href="${visit.path}">${visit.words.back}</a></p>`
  return {
    kind: "page",
    status,
    title: visit.words.wrongTitle,
    main: html`${warned(text)}${status === 422 ? back : ""}`,
  }
}

/** Browsers say where a form comes from; a form of another site is not answered, whatever cookies came along. */
function isOurs(request: Request): boolean {
  const site = request.headers["sec-fetch-site"]
  if (site !== undefined) return site === "same-origin"
  const { origin, host } = request.headers
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
}

function send(response: Response, visit: Visit, answer: Answer, { secureCookies }: RouterParts): void {
  const cookies = { httpOnly: true, sameSite: "strict", secure: secureCookies } as const
  if (visit.form.has("language") || visit.query.has("lang"))
    response.cookie(languageCookie, visit.language, { ...cookies, path: "/pages", maxAge: 31_536_000_000 })
  if (answer.cookie !== undefined) {
    if (answer.cookie === "") response.clearCookie(cookieName)
    else response.cookie(cookieName, answer.cookie, { ...cookies, path: "/" })
  }
  if (answer.kind === "go") response.redirect(303, answer.to)
  else
    response
      .status(answer.status ?? 200)
      .type("html")
      .send(shell(visit, answer))
}

function cookieOf(header: string | undefined, wanted: string): string | undefined {
  const pairs = (header ?? "").split(";").map((part) => part.trim().split("=", 2))
  return pairs.find(([name]) => name === wanted)?.[1]
}

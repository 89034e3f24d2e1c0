import { type Html, html } from "./html.js"
import { roleOf, type Shown, type Visit, whose } from "./visit.js"
import { isLanguage, type Language, languages, type Words } from "./words/index.js"

const menus: Readonly<Record<string, readonly (readonly [string, "consent" | "requests" | "desk"])[]>> = {
  patient: [
    ["/pages/consent", "consent"],
    ["/pages/requests", "requests"],
  ],
  reception: [["/pages/desk", "desk"]],
  privacy: [["/pages/desk", "desk"]],
}

export const homeOf = (role: string | undefined): string => menus[role ?? ""]?.[0]?.[0] ?? "/pages/sign-in"

/**
 * The page around what a page says. No script, no picture, no address of anybody else. The Enter key presses the first button
 * of a form: that one saves, as the buttons of the languages stand before the form's own.
 */
export function shell(visit: Visit, { title, main, formId }: Shown): string {
  const { words, language, login } = visit
  const entries = menus[roleOf(login) ?? ""] ?? []
  const links = entries.map(
    ([to, name]) =>
      html`<li><a href="${to}"${current(visit.path.startsWith(to) ? "page" : undefined)}>${words[name]}</a></li>`,
  )
  const out = html`<form method="post" action="/pages/sign-out"><button class="plain">${words.signOut}</button></form>`
  const { markup } = html`<!doctype html>
<html lang="${language}" dir="${words.direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${title} · Aarogya Clinics</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/pages/style.css"></head>
<body>
${formId === undefined ? "" : html`<button class="first" form="${formId}" name="save" value="1" tabindex="-1" aria-hidden="true">${words.save}</button>`}
<a class="skip" href="#content">${words.skip}</a>
<header><p class="brand" translate="no" lang="en" dir="ltr">Aarogya Clinics</p>${languageBar(visit, formId)}
${login === undefined ? "" : html`<nav aria-label="${words.navigation}"><ul>${links}</ul>${out}</nav>`}</header>
<main id="content" tabindex="-1"><h1>${title}</h1>${main}</main>
</body></html>`
  return markup
}

const current = (value: string | undefined): Html | string =>
  value === undefined ? "" : html` aria-current="${value}"`

/** Buttons of the form where there is one: what was chosen comes along. Otherwise links. */
function languageBar({ words, language, path, query }: Visit, formId: string | undefined): Html {
  const entries = Object.entries(languages).map(([code, own]) => {
    const attributes = html`lang="${code}" dir="${own.direction}"${current(code === language ? "true" : undefined)}`
    const again = new URLSearchParams(query)
    again.set("lang", code)
    return formId === undefined
      ? html`<li><a ${attributes} href="${path}?${again.toString()}">${own.language}</a></li>`
      : html`<li><button class="plain" form="${formId}" name="language" value="${code}" formnovalidate ${attributes}>${own.language}</button></li>`
  })
  return html`<div class="languages" role="group" aria-label="${words.languages}"><ul>${entries}</ul></div>`
}

/** A form whose content belongs to one person. */
export function form(visit: Visit, { id, action, body }: { id: string; action: string; body: Html }): Html {
  return html`<form id="${id}" method="post" action="${action}" novalidate>
<input type="hidden" name="whose" value="${whose(visit.login)}">${body}</form>`
}

export interface TextField {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly value: string
  readonly fault?: string | undefined
  readonly type?: "text" | "email" | "password" | "date" | "area"
  readonly complete?: string
}

/** A labelled field, with its hint and what is wrong with it. */
export function textField({ name, label, hint, value, fault, type = "text", complete = "off" }: TextField): Html {
  const described = [hint && `${name}-hint`, fault && `${name}-fault`].filter(Boolean).join(" ")
  const shared = html`id="${name}" name="${name}" autocomplete="${complete}"${described === "" ? "" : html` aria-describedby="${described}"`}${fault === undefined ? "" : html` aria-invalid="true"`}`
  const control =
    type === "area"
      ? html`<textarea ${shared} rows="3" maxlength="500">${value}</textarea>`
      : html`<input ${shared} type="${type}" value="${value}" maxlength="500"${type === "email" ? html` dir="ltr"` : ""}>`
  return html`<div class="field"><label for="${name}">${label}</label>${hint === undefined ? "" : html`<p class="hint" id="${name}-hint">${hint}</p>`}
${fault === undefined ? "" : html`<p class="fault" id="${name}-fault">${fault}</p>`}${control}</div>`
}

/** A choice of which nothing is made beforehand. */
export function choice(
  { name, legend, chosen, fault }: { name: string; legend: string; chosen: string; fault?: string | undefined },
  options: Readonly<Record<string, string>>,
): Html {
  const radios = Object.entries(options).map(
    ([value, label]) =>
      html`<label class="choice"><input type="radio" name="${name}" value="${value}"${chosen === value ? html` checked` : ""}><span>${label}</span></label>`,
  )
  return html`<fieldset${fault === undefined ? "" : html` aria-describedby="${name}-fault"`}><legend>${legend}</legend>${fault === undefined ? "" : html`<p class="fault" id="${name}-fault">${fault}</p>`}${radios}</fieldset>`
}

export const said = (text: string | Html): Html => html`<div class="said" id="said" role="status"><p>${text}</p></div>`
export const warned = (text: string | Html): Html =>
  html`<div class="warned" id="said" role="alert"><p>${text}</p></div>`

/** What the ledger refused: its words are English, whatever the page speaks. */
export const refusedText = (
  words: Words,
  { message, code }: { readonly message: string; readonly code: string },
): Html => html`${words.refused} <span lang="en" dir="ltr">${message} (${code})</span>`

/** The language that was asked for: by the form, the address, the browser's cookie, or the browser itself. */
export function languageOf(asked: {
  form: URLSearchParams
  query: URLSearchParams
  cookie: string | undefined
  accepted: string
}): Language | undefined {
  const named = asked.form.get("language") ?? asked.query.get("lang")
  if (named !== null) return isLanguage(named) ? named : undefined
  if (isLanguage(asked.cookie)) return asked.cookie
  const accepted = asked.accepted.split(",").map((part) => part.trim().slice(0, 2).toLowerCase())
  return accepted.find(isLanguage) ?? "en"
}

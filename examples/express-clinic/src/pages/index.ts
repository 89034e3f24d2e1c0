import type { Router } from "express"
import type { Logger } from "pino"
import type { LoginParts } from "../routes/me.js"
import { consentPages } from "./consent.js"
import { deskPages } from "./desk.js"
import { deskConsentPages } from "./desk-consent.js"
import { deskRequestPages } from "./desk-request.js"
import type { RecordsOffice } from "./office.js"
import { requestPages } from "./requests.js"
import { pageRouter } from "./router.js"
import { signInPages } from "./sign-in.js"

/** Every page for people, over the same logins and the same fence as the API. */
export function pages(
  parts: LoginParts & { readonly log: Logger; readonly office?: RecordsOffice | undefined },
): Router {
  const { wk, office } = parts
  return pageRouter(parts, [
    ...signInPages(parts),
    ...consentPages(wk),
    ...requestPages(wk),
    ...deskPages(wk),
    ...deskConsentPages(wk),
    ...deskRequestPages(wk, office),
  ])
}

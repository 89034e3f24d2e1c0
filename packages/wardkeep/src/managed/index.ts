import { aws } from "./aws.js"
import { azure } from "./azure.js"
import { google } from "./google.js"
import { neon } from "./neon.js"
import { other } from "./other.js"
import { selfHosted } from "./self-hosted.js"
import type { ManagedService } from "./service.js"
import { supabase } from "./supabase.js"

export const services: readonly ManagedService[] = [aws, google, azure, supabase, neon, other, selfHosted]

/** The service whose marker role exists, or a server of one's own. */
export function recognise(roles: ReadonlySet<string>): ManagedService {
  return services.find(({ marker }) => marker !== undefined && roles.has(marker)) ?? selfHosted
}

export type { Fact, Grade, ManagedService } from "./service.js"

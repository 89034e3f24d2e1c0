import type { FrameworkSubject } from "../framework.ts"
import { express4, express5 } from "./express.ts"
import { fastify5 } from "./fastify.ts"
import { hono4 } from "./hono.ts"
import { nestOnExpress, nestOnFastify } from "./nestjs.ts"

export const frameworkSubjects: readonly FrameworkSubject[] = [
  express5,
  express4,
  fastify5,
  hono4,
  nestOnExpress,
  nestOnFastify,
]

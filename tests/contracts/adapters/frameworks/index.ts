import type { FrameworkSubject } from "../framework.ts"
import { express4, express5 } from "./express.ts"

export const frameworkSubjects: readonly FrameworkSubject[] = [express5, express4]

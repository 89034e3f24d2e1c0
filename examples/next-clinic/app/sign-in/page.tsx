import { currentLanguage, currentScheme, currentWords } from "@/clinic/cookies"
import type { PageProps } from "@/clinic/screen"
import { signInStep } from "@/clinic/sign-in"
import { Preferences } from "@/ui/shell"
import { SignInForm } from "@/ui/sign-in-form"

export default async function SignIn({ searchParams }: PageProps) {
  const [words, language, { over }] = [await currentWords(), await currentLanguage(), await searchParams]
  const { email, password, code, codeHint, next, signIn } = words
  return (
    <main id="main" className="alone">
      <p className="brand">
        <span className="mark" aria-hidden="true" />
        {words.product}
      </p>
      <section className="card">
        <h1>{words.signIn}</h1>
        <p className="soft">{words.signInIntro}</p>
        {over !== undefined && <p className="notice">{words.sessionOver}</p>}
        <SignInForm step={signInStep} words={{ email, password, code, codeHint, next, signIn }} />
      </section>
      <Preferences visit={{ words, language, path: "/sign-in" }} scheme={await currentScheme()} />
    </main>
  )
}

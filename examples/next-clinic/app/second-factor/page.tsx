import { currentWords } from "@/clinic/cookies"
import type { PageProps } from "@/clinic/screen"
import { secondFactor } from "@/clinic/sign-in"
import { Go } from "@/ui/parts"
import { SignInForm } from "@/ui/sign-in-form"

export default async function SecondFactor({ searchParams }: PageProps) {
  const [words, { back }] = [await currentWords(), await searchParams]
  const { email, password, code, codeHint, next, signIn } = words
  return (
    <main id="main" className="alone">
      <section className="card">
        <h1>{words.secondFactor}</h1>
        <p>{words.secondFactorText}</p>
        <SignInForm
          only="code"
          back={typeof back === "string" ? back : undefined}
          step={secondFactor}
          words={{ email, password, code, codeHint, next, signIn }}
        />
      </section>
      <p>
        <Go to="/">{words.back}</Go>
      </p>
    </main>
  )
}

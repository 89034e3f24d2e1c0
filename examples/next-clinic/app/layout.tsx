import type { Metadata, Viewport } from "next"
import type { ReactNode } from "react"
import { currentLanguage, currentScheme, currentWords } from "@/clinic/cookies"
import "./tokens.css"
import "./frame.css"
import "./parts.css"

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await currentWords()).product, robots: { index: false, follow: false } }
}

export const viewport: Viewport = { width: "device-width", initialScale: 1, colorScheme: "light dark" }

export default async function Layout({ children }: { readonly children: ReactNode }) {
  const scheme = await currentScheme()
  return (
    <html lang={await currentLanguage()} data-scheme={scheme === "auto" ? undefined : scheme}>
      <body>{children}</body>
    </html>
  )
}

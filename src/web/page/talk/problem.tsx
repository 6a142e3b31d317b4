import { sanitizeText } from '../../../base/text.ts'

/** Says what is wrong, also to who does not see it; nothing where all is well. */
export function Problem({ text }: { readonly text: string }): preact.JSX.Element | null {
  if (text === '') return null
  return (
    <p class="problem" role="alert">
      {sanitizeText(text)}
    </p>
  )
}

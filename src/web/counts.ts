/** Why the web server refused something. */
export const webRefusals = [
  'host',
  'origin',
  'cross-site',
  'malformed',
  'token',
  'rate',
  'body',
  'connections',
  'sessions',
  'silent',
  'violation',
] as const

/** One of {@link webRefusals}. */
export type WebRefusal = (typeof webRefusals)[number]

/** What a web server has done so far; plain numbers, read when somebody asks for metrics. */
export class WebCounts {
  /** Pages that showed the token. */
  sessions = 0
  /** Answers by the first digit of their status. */
  readonly responses: Record<'1' | '2' | '3' | '4' | '5', number> = {
    ...{ 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 },
  }
  readonly refusals = Object.fromEntries(webRefusals.map((why) => [why, 0])) as Record<
    WebRefusal,
    number
  >

  /** Counts a refusal. */
  refuse(why: WebRefusal): void {
    this.refusals[why]++
  }

  /** Counts an answer. */
  respond(status: number): void {
    const [digit] = String(status)
    if (digit === '1' || digit === '2' || digit === '3' || digit === '4' || digit === '5') {
      this.responses[digit]++
    }
  }
}

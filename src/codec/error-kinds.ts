/**
 * Errors travel as the kind that every program has. Of a subclass the kind that it extends, and its
 * name, are sent; other fields go along where they are plain data.
 *
 *   27(["TypeError", "no wing", { "code": "E_WING", "cause": 27(["Error", "frost"]) }])
 */
export const errorKinds: ReadonlyMap<string, ErrorConstructor> = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((kind) => [
    kind.name,
    kind,
  ]),
)

/** Its constructor takes the errors first. */
export const aggregateError = 'AggregateError'

/** Its constructor takes the message and the name. */
export const domException = 'DOMException'

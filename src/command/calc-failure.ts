/**
 * Says in plain words what mathjs found wrong with an expression: what, and where. Its own texts name
 * its types and inner functions; those that are plain already stay as they are.
 */
type Say = (...parts: readonly string[]) => string

const rows: readonly (readonly [form: RegExp, say: Say])[] = [
  [/^Unexpected end of expression$/, () => 'the expression ends too soon'],
  [/^Unexpected operator (.+)$/, (what) => `unexpected "${what}"`],
  [/^Unexpected part "(.*)"$/, (what) => `unexpected "${what}"`],
  [/^Syntax error in part "(.*)"$/, (what) => `unexpected "${what}"`],
  [/^Value expected$/, () => 'a value is expected'],
  [/^Parenthesis (.) expected$/, (what) => `a closing ${what} is expected`],
  [/^End of (?:string|matrix) (.) expected$/, (what) => `a closing ${what} is expected`],
  [/^Comma , or bracket (.) expected.*$/, (what) => `a comma or a closing ${what} is expected`],
  [/^False part of conditional.*$/, () => 'a : with what holds otherwise is expected'],
  [/^Undefined symbol (.+)$/, (name) => `${name} is no number, unit, variable or function`],
  [/^Undefined function (.+)$/, (name) => `there is no function ${name}`],
  [
    /^Too few arguments in function (\w+) .*index: (\d+)\)$/,
    (name = '', count) =>
      `${plainName(name)} wants more than the ${count} values that it was given`,
  ],
  [
    /^Too many arguments in function (\w+) \(expected: (\d+), actual: (\d+)\)$/,
    (name = '', most, count) =>
      `${plainName(name)} takes ${most} at most, and was given ${count} values`,
  ],
  [
    /^Unexpected type of argument in function (\w+) \(.*actual: (?:.* \| )?(\w+), index: (\d+)\)$/,
    (name = '', type = '', index) =>
      `${plainName(name)} takes no ${plainType(type)} as its value ${Number(index) + 1}`,
  ],
  [/^\[DecimalError\] Invalid argument: (.*)$/, (text) => `"${text}" is no number`],
]

/** Turns a message of mathjs into one for people. */
export function plainCalcFailure(message: string): string {
  const [, text = message, place] = /^(.*) \(char (\d+)\)$/s.exec(message) ?? []
  const where = place === undefined ? '' : `, at character ${place}`
  for (const [form, say] of rows) {
    const found = form.exec(text)
    if (found !== null) return say(...found.slice(1)) + where
  }
  return text + where
}

/** What people call a function that stands behind an operator. */
function plainName(name: string): string {
  return name.replace(/(Scalar|Numbers|Matrix|Number)$/, '')
}

const types: Readonly<Record<string, string>> = {
  DenseMatrix: 'matrix',
  SparseMatrix: 'matrix',
  Array: 'matrix',
  Object: 'object',
  BigNumber: 'number',
  Complex: 'complex number',
  Unit: 'unit',
  string: 'text',
  boolean: 'true or false',
  undefined: 'missing value',
  identifier: 'name',
}

function plainType(type: string): string {
  return types[type] ?? type
}

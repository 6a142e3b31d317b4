/**
 * What a recipient says of an author's messages, signed: which it has, which it has read. The newest
 * one says all, so a holder keeps one for each author and recipient; it deletes copies by it and refuses
 * to hold them again, and the author learns by it how far its messages got.
 */
import { keyFromPeerId } from '../base/peer-id.ts'
import { noRanges, isRanges } from './ranges.ts'
import { readKey } from '../codec/signed.ts'
import { isOrdinal, isSigned, parseSigned, signAs } from './signed.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Ranges } from './ranges.ts'
import type { MailSigner } from './signed.ts'

/** See the file's head. */
export interface Receipt {
  /** Who has them. */
  readonly by: PeerId
  readonly author: PeerId
  readonly epoch: number
  readonly got: Ranges
  readonly read: Ranges
  /** True where it takes nothing of this author: then `got` are those that it refused. */
  readonly isRefusal: boolean
  /** When it was signed, Unix ms; the later one counts. */
  readonly timeMs: number
}

/** A receipt and how it travels. */
export interface SignedReceipt extends Receipt {
  readonly bytes: Uint8Array
}

/** Ranges of one set at most; a recipient takes nothing that would make more. */
export const maxRanges = 128
const maxReceiptBytes = 8_192 // Twice 128 ranges of two numbers of 9 bytes fit.

/** Signs a receipt of this node. */
export function signReceipt(receipt: Omit<Receipt, 'by'>, signer: MailSigner): SignedReceipt {
  const { author, epoch, got, read, isRefusal, timeMs } = receipt
  const fields = { author: keyFromPeerId(author), epoch, got, read, isRefusal, timeMs }
  return { ...receipt, by: signer.id, bytes: signAs('receipt', fields, signer) }
}

/** Reads and checks a receipt; a string says what is wrong. */
export function readReceipt(bytes: Uint8Array, signer: MailSigner): SignedReceipt | string {
  const parsed = parseSigned(bytes, 'receipt', maxReceiptBytes)
  if (typeof parsed === 'string') return parsed
  const { epoch, got, read = noRanges, isRefusal, timeMs } = parsed.fields
  const author = readKey(parsed.fields['author'])
  if (author === undefined || !isOrdinal(epoch) || !isOrdinal(timeMs)) return 'a malformed receipt'
  if (!isRanges(got, maxRanges) || !isRanges(read, maxRanges)) return 'a malformed receipt'
  if (typeof isRefusal !== 'boolean') return 'a malformed receipt'
  if (!isSigned(parsed, signer)) return 'a wrong signature'
  return { by: parsed.author, author, epoch, got, read, isRefusal, timeMs, bytes }
}

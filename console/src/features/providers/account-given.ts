// What the forms of an account hold of its vendor's kinds and options, and what is sent of it.
import type { AccountOut, VendorOut } from '@/api/generated/types.gen'
import { KINDS, type Kind } from './kinds'

export interface OfVendor {
  models: Partial<Record<Kind, string>>
  /** Whether the account does this at all. */
  does: Partial<Record<Kind, boolean>>
  options: Record<string, string>
}

export function kindsOf(vendor: VendorOut): Kind[] {
  return KINDS.filter((kind) => vendor.capabilities.includes(kind))
}

/** As the account has it. A model that is its vendor's usual one is left open, so that it goes along with the vendor's. */
export function ofVendor(vendor: VendorOut, account?: AccountOut): OfVendor {
  const models = Object.fromEntries(
    kindsOf(vendor).map((kind) => {
      const model = account?.models[kind] ?? ''
      return [kind, model === vendor.models[kind] ? '' : model]
    }),
  )
  const does = Object.fromEntries(kindsOf(vendor).map((kind) => [kind, !account?.switched_off.includes(kind)]))
  return { models, does, options: { ...account?.options } }
}

/** Null: it does not do this; not said: the vendor's usual model. */
export function modelsOf(vendor: VendorOut, { models, does }: OfVendor): Record<string, string | null> {
  return Object.fromEntries(
    kindsOf(vendor).flatMap((kind): [string, string | null][] => {
      if (does[kind] === false) return [[kind, null]]
      const model = models[kind]?.trim()
      return model ? [[kind, model]] : []
    }),
  )
}

export function optionsOf(vendor: VendorOut, { options }: OfVendor): Record<string, string> {
  return Object.fromEntries(
    Object.keys(vendor.options).flatMap((name) => {
      const value = options[name]?.trim()
      return value ? [[name, value]] : []
    }),
  )
}

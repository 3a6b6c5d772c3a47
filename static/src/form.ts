/** A form's values, what the server said about each of them, and whether it is being sent. */
import { type InjectionKey, inject, provide, reactive, ref, type Ref, type UnwrapNestedRefs } from 'vue'
import { type Faults, Problem } from './api'

export interface Form<Values extends object> {
  values: UnwrapNestedRefs<Values>
  faults: Ref<Faults>
  problem: Ref<Problem | null>
  busy: Ref<boolean>
  /** True when the action went through; a refusal is kept for the fields to show. */
  submit(action: () => Promise<unknown>): Promise<boolean>
  reset(values?: Partial<Values>): void
}

export function useForm<Values extends object>(blank: () => Values): Form<Values> {
  const values = reactive(blank())
  const faults = ref<Faults>({})
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  const forget = () => {
    faults.value = {}
    problem.value = null
  }
  return {
    values,
    faults,
    problem,
    busy,
    async submit(action) {
      forget()
      busy.value = true
      try {
        await action()
        return true
      } catch (thrown) {
        if (!(thrown instanceof Problem)) throw thrown
        problem.value = thrown
        faults.value = thrown.faults
        return false
      } finally {
        busy.value = false
      }
    },
    reset(given = {}) {
      forget()
      Object.assign(values, blank(), given)
    },
  }
}

/** Fields tell the form which names they show, so that it can show the rest itself. */
interface Shown {
  faults: Ref<Faults>
  names: Set<string>
}

const SHOWN: InjectionKey<Shown> = Symbol('fields of this form')

export function provideFields(faults: Ref<Faults>): Set<string> {
  const names = reactive(new Set<string>()) as Set<string>
  provide(SHOWN, { faults, names })
  return names
}

export function useField(): Shown {
  return inject(SHOWN, { faults: ref({}), names: new Set<string>() })
}

/** Null where a text is empty: what the server reads as "none". */
export function orNull(text: string): string | null {
  return text.trim() || null
}

/** Short questions and short news; texts are always text. */
import { ElMessage, ElMessageBox } from 'element-plus'
import { Problem } from './api'
import { t } from './i18n'
import { explained } from './sentences'

export async function confirmed(question: string, yes: string, title = ''): Promise<boolean> {
  return ElMessageBox.confirm(question, title, {
    confirmButtonText: yes,
    cancelButtonText: t('action.cancel'),
    type: 'warning',
    autofocus: true,
  }).then(
    () => true,
    () => false,
  )
}

export function say(text: string): void {
  ElMessage({ message: text, type: 'success', grouping: true })
}

/** Runs an action and tells a refusal in passing; false when it was refused. */
export async function attempt(action: () => Promise<unknown>, done = ''): Promise<boolean> {
  try {
    await action()
    if (done) say(done)
    return true
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    const missing = thrown.needs.length ? ` ${t('error.missing', { code: thrown.needs.join(' / ') })}` : ''
    ElMessage({ message: explained(thrown) + missing, type: 'error', duration: 6000, showClose: true })
    return false
  }
}

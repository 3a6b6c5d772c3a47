/** Removing a subnet: asked first, and asked again before what is still in it is released along. */
import { Problem } from '../api'
import { attempt, confirmed } from '../ask'
import { t } from '../i18n'
import { call, type Subnet } from '../ipam'
import { explained } from '../sentences'
import { named } from './refusals'
import { ADMIN, may } from './rights'

/** True when it is gone. */
export async function removeSubnet(subnet: Subnet): Promise<boolean> {
  const { id, name, cidr } = subnet
  const remove = (force: boolean) => call('DELETE', '/api/subnets', force ? { ids: [id], force } : { ids: [id] })
  if (!(await confirmed(t('subnet.removeSure', { name, cidr }), t('action.remove')))) return false
  try {
    await remove(false)
    return true
  } catch (thrown) {
    const told = named(thrown, () => name)
    if (!(told instanceof Problem) || told.status !== 409 || !may(ADMIN)) return attempt(() => Promise.reject(told))
    const question = t('subnet.forceSure', { why: explained(told) })
    return (await confirmed(question, t('subnet.force'))) && attempt(() => remove(true).catch((again) => Promise.reject(named(again, () => name))), t('said.removed'))
  }
}

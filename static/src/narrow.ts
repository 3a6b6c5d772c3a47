/** Whether the window is as narrow as a phone's, where things are laid out otherwise. */
import { readonly, ref } from 'vue'

const small = matchMedia('(max-width: 767px)')
const current = ref(small.matches)
small.addEventListener('change', () => (current.value = small.matches))

export const narrow = readonly(current)

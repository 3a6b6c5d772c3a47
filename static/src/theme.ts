/** Light or dark: the system's wish until the user chooses. */
import { ref, watchEffect } from 'vue'

const wish = matchMedia('(prefers-color-scheme: dark)')
const kept = localStorage.getItem('appliance.theme')

export const dark = ref(kept ? kept === 'dark' : wish.matches)

wish.addEventListener('change', () => {
  if (!localStorage.getItem('appliance.theme')) dark.value = wish.matches
})

export function toggleTheme(): void {
  dark.value = !dark.value
  localStorage.setItem('appliance.theme', dark.value ? 'dark' : 'light')
}

watchEffect(() => {
  document.documentElement.classList.toggle('dark', dark.value)
})

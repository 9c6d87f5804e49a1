// Before the first paint, so that a dark page does not flash white.
;(function () {
  var wanted = null
  try {
    wanted = localStorage.getItem('auricle.theme')
  } catch {
    // storage may be closed to us
  }
  var dark = wanted === 'dark' || (wanted !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
})()

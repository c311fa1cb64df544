// Whether the page is dark just now.
export const dark = () => {
  const { theme } = document.documentElement.dataset
  return theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches)
}

// Put the page together.

function tellAbout() {
  const age = Date.now() - generated;
  fill(byId("about"), data.scope ? [data.scope, make("span", { class: "dot" }, " · ")] : null,
    moment(data.generated, "full"),
    age > 3600000 ? make("span", { class: "age" }, ` · ${duration(age)} old: what was open then may be closed`) : null);
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
}

function tellTheme() {
  byId("theme").setAttribute("aria-pressed", isDark());
}

byId("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  tellTheme();
});

fillChoices();
makeTabs();
makeWindows();
makeRequests();
makeExposures();
makePolicies();
listeners.push(drawSummary);
refresh();
tellAbout();
tellTheme();
document.documentElement.dataset.ready = "yes";

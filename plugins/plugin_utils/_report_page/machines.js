// The portal's three tabs. A fourth one appears only where a status is none of theirs.

const tabs = [];

const machineColumn = {
  title: "Machine",
  kind: "name",
  value: (vm) => vm.name,
  cell: (vm) => twoLines(
    make("button", { type: "button", class: "link", onclick: () => showDetails(vm) }, vm.name),
    placeText(vm),
  ),
};
const systemColumn = {
  title: "System",
  value: (vm) => vm.os,
  cell: (vm) => twoLines(capital(vm.os || "unknown"), powerName(vm.power_state || "not known")),
};
const tagsColumn = {
  title: "Tags",
  kind: "tags",
  value: (vm) => vm.tagList.join(" "),
  cell: (vm) => vm.tagList.map((tag) => make("span", { class: "tag" }, tag)),
};
const exposureColumn = {
  title: "Exposure",
  kind: "exposed",
  value: (vm) => (vm.openTo.length ? 2 : vm.doubts.length ? 1 : 0),
  cell: (vm) => {
    if (vm.openTo.length) return pill("bad", `${ports(vm.openTo)} reachable`);
    if (vm.doubts.length) return pill("note", `${ports(vm.doubts)}: can't be told`);
    return make("span", { class: "faint" }, vm.is_judged ? "none found" : "not looked at");
  },
};
const whyColumn = {
  title: "Why",
  kind: "prose",
  value: (vm) => vm.detail || vm.reason,
  cell: (vm) => twoLines(capital(vm.detail || noteText(vm.reason)), vm.notes.map(noteText).join("; ")),
};

const notesColumn = {
  title: "Notes",
  kind: "prose",
  value: (vm) => vm.notes.map(noteText).join("; "),
};

function ports(exposed) {
  const sorted = [...exposed].sort((one, other) => one.port - other.port);
  return [...new Set(sorted.map(portOf))].join(", ");
}

/** Show what may be asked for, ports that are alike together. */
function rulesOf(rules) {
  const alike = new Map();
  for (const rule of rules) {
    const terms = `from ${sourcesText(rule.sources)}, up to ${rule.max_duration}`;
    alike.set(terms, [...(alike.get(terms) || []), portOf(rule)]);
  }
  return [...alike].map(([terms, names]) => make("div", { class: "rule" }, [...new Set(names)].join(", "),
    make("span", { class: "below" }, terms)));
}

const COLUMNS = {
  configured: [
    machineColumn,
    systemColumn,
    {
      title: "May be asked for",
      value: (vm) => vm.ports.map(portRule).join(" "),
      cell: (vm) => rulesOf(vm.ports),
    },
    {
      title: "Open now",
      value: (vm) => vm.open_until || "",
      cell: (vm) => (vm.open_ports.length
        ? twoLines(pill("good", vm.open_ports.map(portName).join(", ")), ["until ", moment(vm.open_until, "time")])
        : make("span", { class: "faint" }, "closed")),
    },
    { title: "Requests", kind: "number", value: (vm) => vm.approved },
    {
      title: "Last access",
      kind: "prose user",
      value: (vm) => vm.last_access || "",
      cell: (vm) => (vm.last_access ? twoLines(moment(vm.last_access), vm.last_user ? `by ${vm.last_user}` : "") : null),
    },
    exposureColumn,
    tagsColumn,
  ],
  not_configured: [machineColumn, systemColumn, exposureColumn, notesColumn, tagsColumn],
  unsupported: [machineColumn, systemColumn, whyColumn, exposureColumn, tagsColumn],
};
const EMPTY = {
  configured: "No machine here is covered by a just-in-time policy.",
  not_configured: "No machine here is left to be covered.",
  unsupported: "No machine here is one that can't be covered.",
};

function makeTabs() {
  const known = Object.keys(STATUSES);
  const others = [...new Set(vms.map((vm) => vm.jit_status))].filter((status) => !known.includes(status));
  for (const status of [...known, ...others]) tabs.push(makeTab(status));
  byId("tabs").append(...tabs.map((tab) => tab.button));
  byId("panels").append(...tabs.map((tab) => tab.panel));
  byId("tabs").addEventListener("keydown", moveBetweenTabs);
  selectTab(tabs.find((tab) => vms.some((vm) => vm.jit_status === tab.status)) || tabs[0]);
  listeners.push((now) => tabs.forEach((tab) => showTab(tab, now.vms)));
}

function makeTab(status) {
  const number = make("span", { class: "count" });
  const button = make("button", {
    type: "button", role: "tab", id: `tab-${status}`, "aria-controls": `panel-${status}`, onclick: () => selectTab(tab),
  }, `${statusName(status)} `, number);
  const panel = make("div", { role: "tabpanel", id: `panel-${status}`, "aria-labelledby": `tab-${status}` });
  const place = make("div");
  panel.append(make("h3", { class: "paper" }, statusName(status)), place);
  const table = new Table(place, `${statusName(status)} machines`, COLUMNS[status] || COLUMNS.unsupported,
    EMPTY[status] || "None.");
  const tab = { status, button, panel, number, table };
  return tab;
}

function showTab(tab, wanted) {
  const rows = wanted.filter((vm) => vm.jit_status === tab.status);
  fill(tab.number, count(rows.length));
  tab.table.show(rows);
}

function selectTab(chosenTab) {
  for (const tab of tabs) {
    const is = tab === chosenTab;
    tab.button.setAttribute("aria-selected", is);
    tab.button.tabIndex = is ? 0 : -1;
    tab.panel.classList.toggle("away", !is);
  }
}

function moveBetweenTabs(event) {
  const at = tabs.findIndex((tab) => tab.button === document.activeElement);
  const target = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (at < 0 || target === undefined) return;
  event.preventDefault();
  const tab = tabs[(target + tabs.length) % tabs.length];
  selectTab(tab);
  tab.button.focus();
}

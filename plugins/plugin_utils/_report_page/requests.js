// Who asked for what: a chart that also filters, and the table behind it.

const BARS = 12;
const GROUPINGS = {
  person: { title: "Person", key: personKey, name: (key) => key },
  machine: { title: "Machine", key: (row) => row.name, name: (key) => key },
  port: { title: "Port", key: (row) => row.port, name: portName },
  day: {
    title: "Day",
    key: (row) => (row.start_time || "").slice(0, 10),
    name: (key) => (key ? dayFormat.format(new Date(`${key}T12:00:00Z`)) : "not known"),
  },
};
const isDeleted = (row) => missing.some((vm) => vm.name.toLowerCase() === row.name.toLowerCase()
  && vm.policies.includes(row.policy_id));
const requestMachineColumn = {
  title: "Machine",
  kind: "name",
  value: (row) => row.name,
  cell: (row) => (row.machine
    ? twoLines(make("button", { type: "button", class: "link", onclick: () => showDetails(row.machine) }, row.name),
      row.machine.resource_group)
    : twoLines(row.name, isDeleted(row) ? "deleted since" : "not among the machines of this report")),
};
const picked = { grouping: "person", key: null };
let requestsTable = null;
let requestsLeft = [];

function makeRequests() {
  byId("requests-title").textContent = `Requests of the last ${plural(data.days, "day")}`;
  byId("by").append(...Object.entries(GROUPINGS).map(([name, grouping]) => make("label", null,
    make("input", {
      type: "radio", name: "by", value: name, checked: name === picked.grouping, onchange: () => pick(name, null),
    }), grouping.title)));
  requestsTable = new Table(byId("requests-table"), "Requests", [
    requestMachineColumn,
    { title: "Asked", value: (row) => row.start_time || "", cell: (row) => moment(row.start_time) },
    { title: "Port", value: (row) => row.port, cell: (row) => portName(row.port) },
    { title: "From", value: (row) => sourcesText(row.sources) },
    { title: "Who", value: (row) => row.person, cell: personName },
    { title: "Why", kind: "prose", value: (row) => row.justification },
    {
      title: "State",
      value: (row) => row.state,
      cell: (row) => {
        const [kind, words] = REQUEST_STATES[row.state] || ["plain", row.state];
        const ending = ENDINGS[row.state] ?? "was to end ";
        return twoLines(pill(kind, words), ending && [ending, moment(row.end_time)]);
      },
    },
  ], "Nobody asked for anything here.", { column: 1, direction: -1, rows: 25 });
  listeners.push((now) => {
    requestsLeft = now.requests;
    drawRequests();
  });
}

function pick(grouping, key) {
  Object.assign(picked, { grouping, key });
  drawRequests();
}

function drawRequests() {
  const { key: keyOf } = GROUPINGS[picked.grouping];
  drawChart(tally(requestsLeft, keyOf));
  requestsTable.show(picked.key === null ? requestsLeft : requestsLeft.filter((row) => keyOf(row) === picked.key));
}

/** Count rows by a key: days in their order, all else the most frequent first. */
function tally(rows, keyOf) {
  const counts = new Map();
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) || 0) + 1);
  const byCount = (one, other) => other[1] - one[1] || compare(String(one[0]), String(other[0]));
  const byDay = (one, other) => compare(one[0], other[0]);
  return [...counts].sort(picked.grouping === "day" ? byDay : byCount);
}

function drawChart(entries) {
  const days = picked.grouping === "day";
  const shown = days ? entries.slice(-31) : entries.slice(0, BARS);
  const most = shown.reduce((top, [, number]) => Math.max(top, number), 1);
  const rest = entries.length - shown.length;
  const restRows = entries.reduce((sum, [, number]) => sum + number, 0) - shown.reduce((sum, [, n]) => sum + n, 0);
  fill(byId("chart"),
    make("ol", { class: "bars", "aria-label": `Requests by ${GROUPINGS[picked.grouping].title.toLowerCase()}` },
      shown.map(([key, number]) => make("li", null, chartBar(key, number, most)))),
    rest > 0 ? make("p", { class: "faint" }, `and ${count(rest)} more with ${plural(restRows, "request")}`) : null,
    picked.key === null ? null : make("p", null, "The table shows only these. ",
      make("button", { type: "button", class: "quiet", onclick: () => pick(picked.grouping, null) }, "Show all")),
    data.requests_left_out
      ? make("p", { class: "notice" }, `Shown are the newest ${count(requests.length)} requests; requests.csv and `
        + `report.json have ${count(data.requests_left_out)} more.`) : null);
}

function chartBar(key, number, most) {
  const name = GROUPINGS[picked.grouping].name(key);
  const bar = make("span", { class: "amount" });
  bar.style.width = `${(number / most) * 100}%`;
  const isPicked = picked.key === key;
  return make("button", {
    type: "button", class: "barline", "aria-pressed": String(isPicked),
    onclick: () => pick(picked.grouping, isPicked ? null : key),
  }, make("span", { class: "label" }, name), make("span", { class: "room", "aria-hidden": "true" }, bar),
  make("span", { class: "value" }, count(number), unseen(number === 1 ? " request" : " requests")));
}

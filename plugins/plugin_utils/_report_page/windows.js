// What is open, as bars between opening and end, with the moment of the report or of the reader.

let windowsTable = null;
let clock = Date.now();
let axis = { from: 0, to: 1 };

function makeWindows() {
  const who = {
    title: "Who and why",
    kind: "prose",
    value: (row) => row.person,
    cell: (row) => twoLines(personName(row), row.justification),
  };
  windowsTable = new Table(byId("windows-table"), "Windows that are open now", [
    requestMachineColumn,
    { title: "Port", value: (row) => row.port, cell: (row) => portName(row.port) },
    { title: "From", value: (row) => sourcesText(row.sources) },
    who,
    {
      title: "In effect",
      value: (row) => row.effect,
      cell: (row) => (row.effect ? twoLines(pill(...(EFFECTS[row.effect] || ["note", row.effect])),
        row.effect === "effective" ? "" : capital(row.effect_reason)) : null),
    },
    {
      title: "Until",
      value: (row) => row.end_time,
      cell: (row) => twoLines(moment(row.end_time, "time"), remaining(row, clock)),
    },
    { title: "Timeline", sort: false, kind: "timeline", cell: timelineBar },
  ], "Nothing is open here.", { column: 5, direction: 1, rows: 25 });
  listeners.push((now) => drawWindows(now.windows));
  // The reader's place is kept: nothing is drawn anew while the focus is within.
  window.setInterval(() => {
    if (!byId("windows-table").contains(document.activeElement)) redrawWindows(Date.now());
  }, 30000);
  window.addEventListener("beforeprint", () => redrawWindows(generated.getTime()));
  window.addEventListener("afterprint", () => redrawWindows(Date.now()));
}

function drawWindows(rows) {
  clock = Date.now();
  setAxis(rows);
  windowsTable.show(rows);
}

function redrawWindows(now) {
  clock = now;
  setAxis(windowsTable.rows);
  windowsTable.draw();
}

function setAxis(rows) {
  const starts = rows.map((row) => Date.parse(row.start_time)).filter(Number.isFinite);
  const ends = rows.map((row) => Date.parse(row.end_time)).filter(Number.isFinite);
  axis = { from: Math.min(...bounds(starts, Math.min), clock), to: Math.max(...bounds(ends, Math.max), clock + 1) };
}

/** Take an extreme of a long list, which can't be spread into arguments. */
function bounds(values, extreme) {
  return values.length ? [values.reduce((one, other) => extreme(one, other))] : [];
}

function percent(time) {
  return `${(Math.min(1, Math.max(0, (time - axis.from) / (axis.to - axis.from))) * 100).toFixed(2)}%`;
}

function timelineBar(row) {
  const start = Date.parse(row.start_time) || axis.from;
  const end = Date.parse(row.end_time);
  const span = make("span", { class: "span" });
  span.style.left = percent(start);
  span.style.right = `calc(100% - ${percent(end)})`;
  const used = make("span", { class: "used" });
  used.style.left = percent(start);
  used.style.right = `calc(100% - ${percent(Math.min(clock, end))})`;
  const here = make("span", { class: "here" });
  here.style.left = percent(clock);
  return [
    make("div", { class: "track", "aria-hidden": "true" }, span, used, here),
    make("div", { class: "ends below" }, make("span", null, moment(row.start_time, "time")),
      make("span", null, moment(row.end_time, "time"))),
  ];
}

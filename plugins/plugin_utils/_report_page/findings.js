// What lets people in who shouldn't get in, and what in policies is worth a look.

const placeColumn = {
  title: "Place",
  value: (row) => row.resource_group,
  cell: (row) => twoLines(row.resource_group, isUuid(subscriptionName(row.subscription_id)) ? "" : subscriptionName(row.subscription_id)),
};

function makeExposures() {
  const table = new Table(byId("exposure-table"), "Exposed ports", [
    {
      ...machineColumn,
      value: (row) => row.machine.name,
      cell: (row) => machineColumn.cell(row.machine),
    },
    { title: "Port", value: (row) => row.port, cell: (row) => portOf(row) },
    { title: "From", value: (row) => row.from, cell: (row) => sourceName(row.from) },
    {
      title: "Verdict",
      value: (row) => ["unknown", "partial", "open"].indexOf(row.state),
      cell: (row) => pill(...(EXPOSURE_STATES[row.state] || ["note", row.state])),
    },
    {
      title: "To blame",
      kind: "prose",
      value: (row) => ruleText(row.rule),
      cell: (row) => twoLines(ruleText(row.rule), reasonText(row)),
    },
    {
      title: "Just-in-time",
      value: (row) => row.machine.jit_status,
      cell: (row) => statusName(row.machine.jit_status),
    },
  ], "No management port here was found reachable.", { column: 3, direction: -1, rows: 25 });
  const neighbours = byId("neighbours");
  const show = (now) => table.show(neighbours.checked ? now.exposures
    : now.exposures.filter((one) => one.from !== "virtual_network"));
  neighbours.addEventListener("change", () => show(chosen()));
  listeners.push(show);
  makeClosings();
}

function makeClosings() {
  const table = new Table(byId("closing-table"), "Closing rules that are missing, undone, or can't be told", [
    { ...machineColumn, value: (row) => row.machine.name, cell: (row) => machineColumn.cell(row.machine) },
    { title: "Port", value: (row) => row.port, cell: (row) => portName(row.port) },
    {
      title: "Closing rule",
      value: (row) => row.state,
      cell: (row) => pill(row.state === "missing" ? "bad" : "note", CLOSING_STATES[row.state] || row.state),
    },
    { title: "By", kind: "prose", value: (row) => row.shadowed_by.map(ruleText).join(", ") },
  ], () => (isFiltered() ? "No closing rule of the machines here is missing or undone."
    : "Every port of every policy has the rule that closes it."), { rows: 25 });
  listeners.push((now) => table.show(now.closings));
}

function makePolicies() {
  const policyColumns = [
    { title: "Policy", kind: "name", value: (row) => row.name },
    placeColumn,
    { title: "Region", value: (row) => row.location },
    { title: "Machines", kind: "number", value: (row) => row.vms },
    { title: "Ports", value: (row) => row.ports.map(portName).join(", ") },
    { title: "State", value: (row) => row.provisioning_state },
  ];
  const table = new Table(byId("policies-table"), "Policies", policyColumns,
    () => (isFiltered() ? "No policy that the filters leave holds a machine that they leave." : "No policy is here."),
    { rows: 20 });
  listeners.push((now) => table.show(now.policies));
  makeFindings();
  makeMissing();
}

function makeFindings() {
  const table = new Table(byId("findings-table"), "Policies worth a look", [
    {
      title: "Policy",
      kind: "name",
      value: (row) => row.policy.name,
      cell: (row) => twoLines(row.policy.name, `${row.policy.resource_group}, ${row.policy.location}`),
    },
    { title: "Port", value: (row) => row.port, cell: (row) => portName(row.port) },
    {
      title: "What",
      value: (row) => FINDINGS[row.kind] || row.kind,
      cell: (row) => pill("note", (FINDINGS[row.kind] || row.kind) + (row.max_duration ? `: ${row.max_duration}` : "")),
    },
    {
      title: "Machines",
      kind: "prose",
      value: (row) => row.vms.length,
      cell: (row) => twoLines(plural(row.vms.length, "machine"), someNames(row.vms.map((number) => vms[number].name))),
    },
  ], () => `No policy here allows ${isFiltered() ? "the machines here " : ""}any source, or longer than ${data.long_maximum}.`, { column: 2, direction: 1, rows: 20 });
  listeners.push((now) => table.show(now.findings));
}

function someNames(names) {
  const shown = names.slice(0, 6).join(", ");
  return names.length > 6 ? `${shown} and ${count(names.length - 6)} more` : shown;
}

function makeMissing() {
  const table = new Table(byId("missing-table"), "Deleted machines in policies", [
    { title: "Machine", kind: "name", value: (row) => row.name },
    placeColumn,
    {
      title: "Policies",
      kind: "prose",
      value: (row) => row.policies.join(" "),
      cell: (row) => row.policies.map((id) => make("div", null, twoLines(id.split("/").pop(), id))),
    },
  ], () => (filters.tag.value ? "What tags deleted machines had isn't known: choose all tags to see them."
    : isFiltered() ? "None that the filters leave." : "None: every machine that a policy holds exists."));
  listeners.push((now) => table.show(now.missing));
}

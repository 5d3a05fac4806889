// The numbers at the top, of what the filters leave.

function drawSummary(now) {
  const status = (name) => now.vms.filter((vm) => vm.jit_status === name).length;
  const openVms = new Set(now.windows.map((row) => row.machine || row.name));
  const people = new Set(now.requests.map((row) => row.person).filter(Boolean));
  const exposed = now.vms.filter((vm) => vm.openTo.length).length;
  fill(byId("tiles"),
    tile("machines", "machines", now.vms.length, "Machines", `${count(status("configured"))} configured`),
    tile("windows", "windows", now.windows.length, "Open windows", `on ${plural(openVms.size, "machine")}`),
    tile("requests", "requests", now.requests.length, "Requests", `by ${plural(people.size, "person", "people")}`),
    tile("exposed", "exposure", exposed, "Exposed machines", exposed ? "a management port is reachable" : "none found",
      exposed ? "bad" : ""),
    tile("findings", "policies", now.findings.length, "Policy findings",
      findingsBelow(now), now.findings.length ? "note" : ""),
    tile("missing", "policies", now.missing.length, "Deleted machines",
      filters.tag.value ? "left out: their tags aren't known" : "still in policies",
      now.missing.length ? "note" : ""));
  drawCoverage(now.vms);
  drawAttention(now, exposed);
}

function findingsBelow(now) {
  const all = plural(now.policies.length, "policy", "policies");
  return now.findings.length ? `in ${count(new Set(now.findings.map((one) => one.policy)).size)} of ${all}` : `${all} looked at`;
}

function tile(name, section, number, title, below, kind = "") {
  return make("li", null, make("a", { href: `#${section}`, class: `tile ${kind}`, id: `tile-${name}` },
    make("span", { class: "figure" }, count(number)), make("span", { class: "title" }, title),
    make("span", { class: "below" }, below)));
}

function countStatuses(machines) {
  return Object.keys(STATUSES).map((name) => [name, machines.filter((vm) => vm.jit_status === name).length]);
}

function coverageBar(parts) {
  return make("div", { class: "coverage", "aria-hidden": "true" }, parts.map(([name, number]) => {
    const part = make("span", { class: name });
    part.style.flexGrow = number;
    return number ? part : null;
  }));
}

function drawCoverage(machines) {
  const parts = countStatuses(machines);
  const share = (number) => (machines.length ? ` (${Math.round((number / machines.length) * 100)} %)` : "");
  fill(byId("coverage"), coverageBar(parts), make("ul", { class: "legend" }, parts.map(([name, number]) => make("li", null,
    make("span", { class: `swatch ${name}`, "aria-hidden": "true" }), statusName(name), " ",
    make("strong", null, count(number)), share(number)))), coverageBySubscription(machines));
}

/** The largest subscriptions, each with its own bar. */
function coverageBySubscription(machines) {
  const bySubscription = new Map();
  for (const vm of machines) {
    if (!bySubscription.has(vm.subscription_id)) bySubscription.set(vm.subscription_id, []);
    bySubscription.get(vm.subscription_id).push(vm);
  }
  if (bySubscription.size < 2) return null;
  const largest = [...bySubscription].sort((one, other) => other[1].length - one[1].length).slice(0, 5);
  return make("ul", { class: "shares" }, largest.map(([id, held]) => {
    const parts = countStatuses(held);
    return make("li", null, make("span", null, subscriptionName(id)), coverageBar(parts),
      make("span", { class: "faint" }, `${count(parts[0][1])} of ${count(held.length)} configured`));
  }));
}

function drawAttention(now, exposed) {
  const covered = now.vms.filter((vm) => vm.jit_status === "configured" && vm.openTo.length).length;
  const doubts = now.vms.filter((vm) => !vm.openTo.length && vm.doubts.length).length;
  const uncovered = now.vms.filter((vm) => vm.jit_status === "not_configured").length;
  const unguarded = now.vms.filter((vm) => vm.unguarded.length).length;
  const untold = now.vms.filter((vm) => vm.untold.length && !vm.unguarded.length).length;
  const idle = now.windows.filter((row) => ["shadowed", "absent"].includes(row.effect)).length;
  const kind = (name) => now.findings.filter((finding) => finding.kind === name).length;
  const has = (number) => (number === 1 ? "has" : "have");
  const points = [
    [exposed, "bad", "exposure", `${plural(exposed, "machine")} ${has(exposed)} a management port that is reachable from outside`
      + (covered ? `, ${covered === exposed ? "although" : `${count(covered)} of them although`} just-in-time access is on` : "")],
    [unguarded, "bad", "exposure", `${plural(unguarded, "covered machine")} lack${unguarded === 1 ? "s" : ""} an effective closing rule`],
    [idle, "note", "windows", `${plural(idle, "open window")} ${idle === 1 ? "is" : "are"} not in effect`],
    [uncovered, "note", "machines", `${plural(uncovered, "machine")} could be covered and ${uncovered === 1 ? "is" : "are"} not`],
    [kind("any_source"), "note", "policies", `${plural(kind("any_source"), "policy rule")} let${kind("any_source") === 1 ? "s" : ""} people ask for any source`],
    [kind("long_maximum"), "note", "policies", `${plural(kind("long_maximum"), "policy rule")} allow${kind("long_maximum") === 1 ? "s" : ""} more than ${data.long_maximum}`],
    [now.missing.length, "note", "policies", `${plural(now.missing.length, "deleted machine")} still in policies`],
    [untold, "note", "exposure", `of ${plural(untold, "covered machine")} it can't be told whether the closing rules are there`],
    [doubts, "note", "exposure", `of ${plural(doubts, "machine")} it can't be told whether a port is reachable`],
  ].filter(([number]) => number);
  fill(byId("attention"), points.length
    ? points.map(([, mark, section, words]) => make("li", { class: mark }, make("a", { href: `#${section}` }, words)))
    : make("li", { class: "good" }, isFiltered() ? "Nothing that this report looks for was found in what the filters leave."
      : "Nothing that this report looks for was found."));
}

// All that is known of one machine.

function showDetails(vm) {
  const dialog = byId("details");
  fill(dialog,
    make("form", { method: "dialog", class: "heading" },
      make("h2", { id: "details-title" }, vm.name), make("button", { class: "quiet" }, "Close")),
    make("dl", null, facts(vm).flatMap(([name, value]) => [make("dt", null, name), make("dd", null, value)])),
    exposureList(vm), requestList(vm));
  dialog.showModal();
  dialog.scrollTop = 0;
}

function facts(vm) {
  const lines = (values) => values.map((value) => make("div", null, value));
  return [
    ["Just-in-time access", statusName(vm.jit_status) + (vm.reason ? ` (${vm.reason})` : "")],
    ["Why", capital(vm.detail)],
    ["Notes", lines(vm.notes.map(noteText))],
    ["Ports", lines(vm.ports.map((rule) => `${portRule(rule)} (${rule.protocol})`))],
    ["Subscription", isUuid(subscriptionName(vm.subscription_id)) ? vm.subscription_id
      : `${subscriptionName(vm.subscription_id)} (${vm.subscription_id})`],
    ["Resource group", vm.resource_group],
    ["Region", vm.location],
    ["System", [capital(vm.os || "unknown"), ", ", powerName(vm.power_state || "not known")]],
    ["Public address", vm.public_ip],
    ["Private address", vm.private_ip],
    ["DNS name", vm.dns_name],
    ["Tags", lines(vm.tagList)],
    ["Closing rules", lines(vm.closing_rules.map(closingText))],
    ["Defender for Servers", vm.defender_plan && [vm.defender_plan.tier, vm.defender_plan.sub_plan].filter(Boolean).join(" ")],
    ["Defender's own opinion", assessmentLine(vm.assessment)],
    ["Policies", lines(vm.policies)],
    ["Id", vm.id],
  ].filter(([, value]) => value && value.length);
}

function closingText(rule) {
  const by = rule.shadowed_by.map(ruleText).join(", ");
  return `${portName(rule.port)}: ${CLOSING_STATES[rule.state] || rule.state}${by ? `: ${by}` : ""}`;
}

function assessmentLine(assessment) {
  if (!assessment) return null;
  return [`${assessment.status}${assessment.cause ? ` (${assessment.cause})` : ""}`,
    assessment.changed ? [", since ", moment(assessment.changed)] : null,
    assessment.agrees === false ? pill("note", "says otherwise") : null].flat();
}

function exposureList(vm) {
  if (!vm.exposures.length) return null;
  return [make("h3", null, "Exposure"), make("ul", null, vm.exposures.map((one) => make("li", null,
    `Port ${portOf(one)} from ${sourceName(one.from)}: ${EXPOSURE_STATES[one.state]?.[1] || one.state}${one.address ? ` at ${one.address}` : ""}. `,
    capital(one.reason))))];
}

function requestList(vm) {
  if (!vm.requests.length) return null;
  const shown = vm.requests.slice(0, 20);
  const more = vm.requests.length - shown.length;
  return [make("h3", null, "Requests"), make("ul", null, shown.map((request) => make("li", null,
    moment(request.start_time), `: ${portName(request.port)} for ${sourcesText(request.sources)}, `,
    REQUEST_STATES[request.state]?.[1] || request.state, ", ", personName(request),
    request.justification ? `: ${request.justification}` : ""))),
  more > 0 ? make("p", null, `and ${count(more)} older ones`) : null];
}

byId("details").addEventListener("click", (event) => {
  if (event.target === byId("details")) byId("details").close();
});

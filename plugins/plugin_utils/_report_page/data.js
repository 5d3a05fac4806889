// The document, as report.json has it, out of the space-saving form that the page carries.

/** Give the rows of a table that is written by columns. */
function unpack(packed) {
  const rows = Array.from({ length: packed.length }, () => ({}));
  for (const [key, column] of Object.entries(packed.columns)) {
    const { values, at } = column;
    for (let n = 0; n < rows.length; n += 1) rows[n][key] = at ? values[at[n]] : values[n];
  }
  return rows;
}

const data = JSON.parse(byId("data").textContent);
const generated = new Date(data.generated);
const vms = unpack(data.vms);
const requests = unpack(data.requests);
const policies = data.policies;
const missing = data.missing_vms;

/** What a person may search for, in lower case. */
const haystack = (...parts) => parts.flat().filter(Boolean).join("\n").toLowerCase();

for (const vm of vms) {
  vm.id = vm.id
    || `/subscriptions/${vm.subscription_id}/resourceGroups/${vm.resource_group}`
    + `/providers/Microsoft.Compute/virtualMachines/${vm.name}`;
  vm.requests = [];
  vm.tagList = Object.entries(vm.tags).map(([key, value]) => `${key}=${value}`);
  // Neighbours in the virtual network get in unless a rule says otherwise; that alone exposes nothing.
  const outside = vm.exposures.filter((one) => one.from !== "virtual_network");
  vm.openTo = outside.filter((one) => one.state === "open" || one.state === "partial");
  vm.doubts = outside.filter((one) => one.state === "unknown");
  vm.unguarded = vm.closing_rules.filter((one) => one.state !== "unknown");
  vm.untold = vm.closing_rules.filter((one) => one.state === "unknown");
}
for (const request of requests) {
  request.machine = request.vm === null ? null : vms[request.vm];
  if (request.machine) request.machine.requests.push(request);
  request.text = haystack(request.name, request.person, request.justification, request.sources, String(request.port));
}
for (const vm of vms) {
  vm.text = haystack(
    vm.name, vm.resource_group, vm.location, vm.public_ip, vm.private_ip, vm.dns_name, vm.tagList, vm.last_user,
    vm.detail, vm.notes,
  );
}
const policyById = new Map(policies.map((policy) => [policy.id.toLowerCase(), policy]));
for (const policy of policies) policy.machines = [];
for (const vm of vms) for (const id of vm.policies) policyById.get(id.toLowerCase())?.machines.push(vm);
for (const policy of policies) policy.text = haystack(policy.name, policy.resource_group, policy.location);
for (const vm of missing) vm.text = haystack(vm.name, vm.resource_group);

const windows = requests.filter((request) => request.state === "active");
const exposures = vms.flatMap((vm) => vm.exposures.map((one) => ({ ...one, machine: vm })));
const closings = vms.flatMap((vm) => vm.closing_rules.map((one) => ({ ...one, machine: vm })));
const findings = policies.flatMap((policy) => policy.findings.map((finding) => ({ ...finding, policy })));

// One set of filters for the whole page: what they leave is what all sections show.

const filters = { search: byId("search"), subscription: byId("subscription"), group: byId("group"), tag: byId("tag") };
const listeners = [];

function option(value, text) {
  return make("option", { value }, text);
}

function fillChoices() {
  const sorted = (values) => [...new Set(values)].sort(compare);
  const everywhere = [...vms, ...missing];
  fill(filters.subscription, option("", "all"),
    sorted(everywhere.map((vm) => vm.subscription_id)).map((id) => option(id, subscriptionName(id))));
  fill(filters.group, option("", "all"),
    sorted(everywhere.map((vm) => vm.resource_group.toLowerCase())).map((name) => option(name, name)));
  fill(filters.tag, option("", "all"), sorted(vms.flatMap((vm) => vm.tagList)).map((tag) => option(tag, tag)));
}

/** Tell whether a place (a VM, a policy) is in the chosen subscription and group. */
function inPlace(place) {
  const { subscription, group } = filters;
  return (!subscription.value || place.subscription_id === subscription.value)
    && (!group.value || place.resource_group.toLowerCase() === group.value);
}

function isWanted(vm) {
  return inPlace(vm) && (!filters.tag.value || vm.tagList.includes(filters.tag.value));
}

function isFiltered() {
  return Object.values(filters).some((one) => one.value.trim());
}

/** Give all that the filters leave. What belongs to a VM goes with it, or by its own text. */
function chosen() {
  const words = filters.search.value.trim().toLowerCase();
  const placed = new Set(vms.filter(isWanted));
  const left = new Set([...placed].filter((vm) => vm.text.includes(words)));
  const noPlace = !filters.subscription.value && !filters.group.value && !filters.tag.value;
  const here = (row) => left.has(row.machine)
    || (row.text !== undefined && (row.machine ? placed.has(row.machine) : noPlace) && row.text.includes(words));
  const tagless = !filters.tag.value;
  // A policy goes with the VMs that it holds, and by its own place and text.
  const named = new Set(policies.filter((one) => tagless && inPlace(one) && one.text.includes(words)));
  const shownPolicies = policies.filter((one) => named.has(one) || one.machines.some((vm) => left.has(vm)));
  const concerns = (finding) => named.has(finding.policy) || finding.vms.some((number) => left.has(vms[number]));
  return {
    vms: [...left],
    requests: requests.filter(here),
    windows: windows.filter(here),
    exposures: exposures.filter(here),
    closings: closings.filter(here),
    policies: shownPolicies,
    findings: findings.filter(concerns),
    missing: missing.filter((one) => tagless && inPlace(one) && one.text.includes(words)),
  };
}

function refresh() {
  const now = chosen();
  listeners.forEach((listen) => listen(now));
  const everything = now.vms.length === vms.length && now.requests.length === requests.length;
  fill(byId("shown"), everything ? "" : `Showing ${plural(now.vms.length, "machine")} of ${count(vms.length)}, `
    + `${plural(now.requests.length, "request")} of ${count(requests.length)}.`);
}

let waiting = 0;
filters.search.addEventListener("input", () => {
  window.clearTimeout(waiting);
  waiting = window.setTimeout(refresh, vms.length > 1000 ? 150 : 0);
});
for (const name of ["subscription", "group", "tag"]) filters[name].addEventListener("change", refresh);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("reset", () => window.setTimeout(refresh));

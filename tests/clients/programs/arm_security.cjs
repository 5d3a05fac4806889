// Copyright (c) 2026 jitfleet contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What @azure/arm-security finds and does, as JSON.
// Node reads NODE_EXTRA_CA_CERTS. `endpoint` leads the client here; the credential is given its authority and must be
// told not to look it up at Microsoft's.
"use strict";

const { SecurityCenter } = require("@azure/arm-security");
const { ClientSecretCredential } = require("@azure/identity");

const where = ["rg-vdi", "westeurope", "default"];

// The models are flat, and want times as Date.
const policyOf = ({ kind, properties }) => ({ kind, ...properties });
const requestOf = (body) => JSON.parse(JSON.stringify(body), (name, value) => (name === "endTimeUtc" ? new Date(value) : value));

async function main(given) {
  const { AZURE_SIMULATOR_URL: endpoint, AZURE_TENANT, AZURE_CLIENT_ID, AZURE_SECRET, AZURE_SUBSCRIPTION_ID } = process.env;
  const credential = new ClientSecretCredential(AZURE_TENANT, AZURE_CLIENT_ID, AZURE_SECRET, {
    authorityHost: endpoint,
    disableInstanceDiscovery: true,
  });
  const policies = new SecurityCenter(credential, AZURE_SUBSCRIPTION_ID, { endpoint }).jitNetworkAccessPolicies;
  const made = await policies.createOrUpdate(...where, policyOf(given.policy));
  const request = await policies.initiate(...where, requestOf(given.initiate));
  const refusal = await policies.initiate(...where, requestOf(given.too_much)).catch((error) => error.code);
  const listed = [];
  for await (const policy of policies.list()) listed.push(policy.id);
  const shown = await policies.get(...where);
  return {
    state: made.provisioningState,
    status: request.virtualMachines[0].ports[0].status,
    start: request.startTimeUtc,
    refusal,
    policies: listed,
    shown: shown.virtualMachines[0].ports[0].maxRequestAccessDuration,
  };
}

let text = "";
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", async () => process.stdout.write(JSON.stringify(await main(JSON.parse(text)))));

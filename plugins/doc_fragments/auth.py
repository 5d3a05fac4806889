# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Modules read the environment by themselves, so the variables stand in the descriptions.
    DOCUMENTATION = r"""
options:
  subscription_id:
    description:
      - The Azure subscription to use where a VM is not named by its full id.
      - Without it the environment variable E(AZURE_SUBSCRIPTION_ID) is used.
    type: str
  client_id:
    description:
      - The application (client) id of the service principal that signs in.
      - Without it the environment variable E(AZURE_CLIENT_ID) is used.
    type: str
  secret:
    description:
      - The service principal's client secret.
      - Without it the environment variables E(AZURE_SECRET) and E(AZURE_CLIENT_SECRET) are used, in this order.
    type: str
  tenant:
    description:
      - The Microsoft Entra tenant of the service principal.
      - Without it the environment variables E(AZURE_TENANT) and E(AZURE_TENANT_ID) are used, in this order.
    type: str
  cloud_environment:
    description:
      - The Azure cloud, by its name (V(AzureCloud), V(AzureUSGovernment), V(AzureChinaCloud)), or by the C(https)
        URL of its Resource Manager, from which the metadata endpoint is read.
      - Without it the environment variable E(AZURE_CLOUD_ENVIRONMENT) is used, and without that V(AzureCloud).
    type: str
  disable_instance_discovery:
    description:
      - Don't ask Microsoft's public service whether the cloud's sign-in address is genuine.
      - Set it for private clouds and for the simulator, which are not known there.
      - Without it the environment variable E(AZURE_DISABLE_INSTANCE_DISCOVERY) is used, and without that V(false).
    type: bool
notes:
  - An empty option or environment variable counts as not set.
requirements:
  - azure-identity >= 1.19
  - azure-mgmt-core >= 1.5
"""

    # The same for plugins, whose options Ansible itself reads from the environment.
    PLUGIN = r"""
options:
  client_id:
    description: The application (client) id of the service principal that signs in.
    type: str
    env:
      - name: AZURE_CLIENT_ID
  secret:
    description: The service principal's client secret.
    type: str
    env:
      - name: AZURE_SECRET
      - name: AZURE_CLIENT_SECRET
  tenant:
    description: The Microsoft Entra tenant of the service principal.
    type: str
    env:
      - name: AZURE_TENANT
      - name: AZURE_TENANT_ID
  cloud_environment:
    description:
      - The Azure cloud, by its name (V(AzureCloud), V(AzureUSGovernment), V(AzureChinaCloud)), or by the C(https)
        URL of its Resource Manager, from which the metadata endpoint is read.
      - V(AzureCloud) where neither the option nor the variable is set.
    type: str
    env:
      - name: AZURE_CLOUD_ENVIRONMENT
  disable_instance_discovery:
    description:
      - Don't ask Microsoft's public service whether the cloud's sign-in address is genuine.
      - Set it for private clouds and for the simulator, which are not known there.
    type: bool
    default: false
    env:
      - name: AZURE_DISABLE_INSTANCE_DISCOVERY
requirements:
  - azure-identity >= 1.19
  - azure-mgmt-core >= 1.5
"""
